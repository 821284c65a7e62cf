// libedit for Swift: what it takes as variable arguments, as functions.
#include <histedit.h>
#include <locale.h>
#include <stdio.h>
#include <wchar.h>

typedef char *(*plexus_prompt)(EditLine *);
typedef unsigned char (*plexus_key)(EditLine *, int);

static inline EditLine *plexus_edit_begin(void) { return el_init("plexus", stdin, stdout, stderr); }
static inline void plexus_edit_context(EditLine *line, void *context) { el_set(line, EL_CLIENTDATA, context); }
static inline void *plexus_edit_get_context(EditLine *line) {
    void *context = NULL;
    el_get(line, EL_CLIENTDATA, &context);
    return context;
}
static inline void plexus_edit_prompt(EditLine *line, plexus_prompt prompt) { el_set(line, EL_PROMPT, prompt); }
static inline void plexus_edit_keys(EditLine *line, plexus_key complete, plexus_key interrupt) {
    el_set(line, EL_EDITOR, "emacs");
    el_set(line, EL_SIGNAL, 1);
    // While a line is edited Ctrl-C is a key; while a query runs it is a signal.
    el_set(line, EL_SETTY, "-d", "-isig", NULL);
    el_set(line, EL_ADDFN, "plexus-complete", "complete a name", complete);
    el_set(line, EL_ADDFN, "plexus-interrupt", "give up what was typed", interrupt);
    el_set(line, EL_BIND, "^I", "plexus-complete", NULL);
    el_set(line, EL_BIND, "^C", "plexus-interrupt", NULL);
    el_set(line, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_set(line, EL_BIND, "\033[3~", "ed-delete-next-char", NULL);
    el_set(line, EL_BIND, "\033[1~", "ed-move-to-beg", NULL);
    el_set(line, EL_BIND, "\033[4~", "ed-move-to-end", NULL);
    el_set(line, EL_BIND, "\033[H", "ed-move-to-beg", NULL);
    el_set(line, EL_BIND, "\033[F", "ed-move-to-end", NULL);
    el_set(line, EL_BIND, "\033[1;5D", "ed-prev-word", NULL);
    el_set(line, EL_BIND, "\033[1;5C", "em-next-word", NULL);
    el_source(line, NULL);
}
static inline void plexus_edit_history(EditLine *line, History *past, int size) {
    HistEvent event;
    history(past, &event, H_SETSIZE, size);
    history(past, &event, H_SETUNIQUE, 1);
    el_set(line, EL_HIST, history, past);
}
static inline void plexus_history_enter(History *past, const char *text) {
    HistEvent event;
    history(past, &event, H_ENTER, text);
}
static inline void plexus_history_load(History *past, const char *file) {
    HistEvent event;
    history(past, &event, H_LOAD, file);
}
static inline int plexus_history_save(History *past, const char *file) {
    HistEvent event;
    return history(past, &event, H_SAVE, file);
}

extern int wcwidth(wchar_t character);
static inline int plexus_width(unsigned int character) { return wcwidth((wchar_t)character); }
