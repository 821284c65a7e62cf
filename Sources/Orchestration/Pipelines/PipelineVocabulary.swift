/// The attributes that mean something in a pipeline's DOT file, each listed once: reading, hints and documentation use this list.
package enum PipelineVocabulary {
    /// What an attribute can be given to.
    package enum Owner: String, CaseIterable, Sendable {
        /// The graph, and with it all steps.
        case graph
        /// A cluster, and with it its steps.
        case cluster
        /// A node.
        case step
        /// An edge.
        case edge
    }

    /// One attribute.
    package struct Entry: Sendable {
        /// Its name.
        package let name: String
        /// What it can be given to.
        package let owners: Set<Owner>
        /// What it says, in one line.
        package let meaning: String
    }

    /// All attributes.
    package static let entries: [Entry] = [
        entry(
            "version", [.graph], "the pipeline's version; without it the first 12 digits of the file's digest"
        ),
        entry("description", [.graph], "what it does"),
        entry("parameters", [.graph], "`name=default; ...`"),
        entry("result", [.graph], "the step whose result is the run's; without it those of all last steps"),
        entry("schedule", [.graph], "cron and time zone: `0 6 * * 1-5 Europe/Berlin`"),
        entry("catch_up", [.graph], "`last` (one run for all that was missed), `all` or `none`"),
        entry("on_blob", [.graph], "a media type whose blobs start a run: `text/csv`, `*`"),
        entry("on_query", [.graph], "a Cypher query; when it begins to return rows a run starts"),
        entry("on_run", [.graph], "`pipeline` or `pipeline:state`, whose end starts a run"),
        entry("on_failure", [.graph, .step], "the step that runs when the run, or this step, fails"),
        entry("function", [.graph, .cluster, .step], "`name`, `name@version` or `name@range`"),
        entry("pipeline", [.step], "`name@version` of a pipeline that is run as this step"),
        entry("with", [.graph, .cluster, .step], "constants: `name=value; name=${parameter}`"),
        entry("timeout", [.graph, .cluster, .step], "how long a try may take: `90s`, `15m`, `2h`"),
        entry("retries", [.graph, .cluster, .step], "how often a failed try is repeated, 0 to 100"),
        entry("replicas", [.graph, .cluster, .step], "on how many machines a step is run, 1 to 100"),
        entry("quorum", [.graph, .cluster, .step], "how many of them must agree; more than half"),
        entry(
            "compare", [.graph, .cluster, .step],
            "how: `digest`, `tolerance=1e-6`, or `function=name@version` of `left` and `right` that gives `equal`"
        ),
        entry(
            "adaptive", [.graph, .cluster, .step],
            "`true`: a machine of good reputation is mostly believed alone"),
        entry("needs", [.graph, .cluster, .step], "labels that a machine must have: `gpu, zone=lan`"),
        entry("priority", [.graph, .cluster, .step], "greater goes first, -1000 to 1000"),
        entry(
            "cache", [.graph, .cluster, .step],
            "`true`: a result of the same version and inputs is used again"),
        entry("when", [.cluster, .step, .edge], "a CEL condition; without it the step is skipped"),
        entry("join", [.cluster, .step], "`all`, `any` or `always`: how many edges must lead in"),
        entry("each", [.step, .edge], "a CEL list, or `true` at an edge: one job for each element"),
        entry("as", [.step], "the input that takes the element; `item` without it"),
        entry("gather", [.edge], "`list`, `flat` or `merge`: how results of a fan-out come together"),
        entry("dynamic", [.step], "`true`: the function's result is a graph of further steps"),
        entry("approval", [.cluster, .step], "who must approve before it starts: `group:x`, `user:y`"),
        entry("branch", [.cluster, .step], "the name of a choice that this step is an alternative of"),
        entry("metric", [.cluster, .step], "a CEL number over an alternative's `outputs`"),
        entry("choose", [.cluster, .step], "`min`, `max`, `first` or `all`"),
        entry("accept", [.cluster, .step], "a CEL condition that an alternative must meet to be chosen"),
        entry("losers", [.cluster, .step], "`cancel` or `keep`"),
        entry("from", [.edge], "an output of the tail; without it all of its result"),
        entry("to", [.edge], "an input of the head; without it the tail's name"),
        entry("on", [.edge], "`success`, `failure` or `always`: which end of the tail leads on"),
    ]

    private static func entry(_ name: String, _ owners: Set<Owner>, _ meaning: String) -> Entry {
        Entry(name: name, owners: owners, meaning: meaning)
    }

    /// The names for an owner.
    package static func names(for owner: Owner) -> [String] {
        self.entries.filter { $0.owners.contains(owner) }.map(\.name)
    }

    private static let known = Dictionary(entries.map { ($0.name, $0.owners) }) { first, _ in first }

    /// Whether an owner can have the attribute.
    package static func allows(_ name: String, at owner: Owner) -> Bool {
        self.known[name]?.contains(owner) ?? false
            || owner == .graph && (name.hasPrefix("param.") || name.hasPrefix("param_"))
    }

    /// Graphviz's own attributes (graphviz.org/doc/info/attrs.html), which say how it is drawn.
    package static let graphviz: Set<String> = Set(
        """
        _background area arrowhead arrowsize arrowtail bb beautify bgcolor center charset class cluster clusterrank color \
        colorscheme comment compound concentrate constraint Damping decorate defaultdist dim dimen dir diredgeconstraints \
        distortion dpi edgehref edgetarget edgetooltip edgeURL epsilon esep fillcolor fixedsize fontcolor fontname fontnames \
        fontpath fontsize forcelabels gradientangle group head_lp headclip headhref headlabel headport headtarget headtooltip \
        headURL height href id image imagepath imagepos imagescale inputscale K label label_scheme labelangle labeldistance \
        labelfloat labelfontcolor labelfontname labelfontsize labelhref labeljust labelloc labeltarget labeltooltip labelURL \
        landscape layer layerlistsep layers layerselect layersep layout len levels levelsgap lhead lheight linelength lp ltail \
        lwidth margin maxiter mclimit mindist minlen mode model newrank nodesep nojustify normalize notranslate nslimit \
        nslimit1 oneblock ordering orientation outputorder overlap overlap_scaling overlap_shrink pack packmode pad page \
        pagedir pencolor penwidth peripheries pin pos quadtree quantum radius rank rankdir ranksep ratio rects regular \
        remincross repulsiveforce resolution root rotate rotation samehead sametail samplepoints scale searchsize sep shape \
        shapefile showboxes sides size skew smoothing sortv splines start style stylesheet tail_lp tailclip tailhref taillabel \
        tailport tailtarget tailtooltip tailURL target TBbalance tooltip truecolor URL vertices viewport voro_margin weight \
        width xdotversion xlabel xlp z
        """.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init))
}
