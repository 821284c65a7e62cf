// libcgraph and libgvc for Swift: what they do in macros or without const, as functions.
#include <gvc.h>
#include <cgraph.h>

static inline Agnode_t *plexus_tail(Agedge_t *edge) { return agtail(edge); }
static inline Agnode_t *plexus_head(Agedge_t *edge) { return aghead(edge); }
static inline char *plexus_get(void *object, Agsym_t *symbol) { return agxget(object, symbol); }
static inline char *plexus_key(Agsym_t *symbol) { return symbol->name; }
static inline int plexus_remove_attribute(Agraph_t *graph, int kind, const char *name) {
    Agsym_t *symbol = agattr(graph, kind, (char *)name, NULL);
    if (!symbol) return 0;
    if (kind == AGRAPH) { agsafeset(graph, (char *)name, "", ""); }
    else if (kind == AGNODE) {
        for (Agnode_t *n = agfstnode(graph); n; n = agnxtnode(graph, n)) agsafeset(n, (char *)name, "", "");
    } else {
        for (Agnode_t *n = agfstnode(graph); n; n = agnxtnode(graph, n))
            for (Agedge_t *e = agfstout(graph, n); e; e = agnxtout(graph, e)) agsafeset(e, (char *)name, "", "");
    }
    return 1;
}
