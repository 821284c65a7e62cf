internal import Foundation
internal import GraphDatabase
internal import Graphviz
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import NIOCore
internal import Orchestration
internal import PropertyGraph
internal import Synchronization
internal import Visualization
internal import ServiceLifecycle

/// Laid-out pictures by the DOT text of their structure, the last ones used.
final class RunTemplates: Sendable {
    private static let limit = 64
    private let templates = Mutex<[String: RunTemplate]>([:])

    func template(for graph: DotGraph, drawnBy pictures: PictureProcess) async throws -> RunTemplate {
        let dot = RunTemplate.dot(graph)
        if let known = self.templates.withLock({ $0[dot] }) { return known }
        let template = RunTemplate(graph: graph, svg: try await pictures.render(dot, format: .svg))
        self.templates.withLock { templates in
            if templates.count >= Self.limit { templates.removeAll() }
            templates[dot] = template
        }
        return template
    }
}

/// A run as a small page that repaints itself: `/runs/{id}`, fed by `/v1/runs/{id}/events`.
struct RunPage {
    let services: Services

    /// The page itself holds nothing of the graph: it asks for everything with the reader's token.
    func add(to router: GuardedRouter) {
        router.get("/runs/:id", .nothing) { _, _ in
            Response(
                Array(Self.html.utf8), type: "text/html; charset=utf-8",
                headers: [
                    .contentSecurityPolicy:
                        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src 'self'",
                    .xContentTypeOptions: "nosniff",
                ])
        }
    }

    /// States of a run's steps, those below steps counted into them.
    func states(_ id: String) throws -> [String: RunPicture.StepState] {
        var states: [String: RunPicture.StepState] = [:]
        var below: [String: (ended: Int, all: Int)] = [:]
        let jobs = try self.services.database.read("run_jobs", ["run": .string(id)])
        let ends: Set<String> = ["succeeded", "failed", "skipped", "cancelled"]
        for job in jobs {
            guard let parent = job["parent"]?.string else { continue }
            below[parent, default: (0, 0)].all += 1
            if ends.contains(job["state"]?.string ?? "") { below[parent, default: (0, 0)].ended += 1 }
        }
        for job in jobs where job["parent"]?.string == nil {
            let count = below[job["id"]?.string ?? ""].map { "\($0.ended) of \($0.all)" }
            let isLoser =
                job["lost"]?.string != nil ? "not chosen" : job["chosen"] == .boolean(true) ? "chosen" : nil
            let notes = [Self.note(job), count ?? "", isLoser ?? ""].filter { !$0.isEmpty }
            states[job["step"]?.string ?? ""] = RunPicture.StepState(
                state: job["state"]?.string ?? "", note: notes.joined(separator: ", "))
        }
        return states
    }

    /// Why steps failed, or were left out.
    private func reasons(_ id: String) throws -> [String: String] {
        var reasons: [String: String] = [:]
        for job in try self.services.database.read("run_jobs", ["run": .string(id)]) {
            guard job["parent"]?.string == nil, let error = job["error"]?.string else { continue }
            reasons[job["step"]?.string ?? ""] = String(error.prefix(500))
        }
        return reasons
    }

    private static func note(_ job: Record) -> String {
        if job["state"] == .string("failed") { return job["error_class"]?.string ?? "" }
        if job["cached_from"]?.string != nil { return "taken over" }
        guard let start = job["started_at"]?.dateTime, let end = job["ended_at"]?.dateTime else { return "" }
        let millis = end.epochMilliseconds - start.epochMilliseconds
        return millis < 10_000 ? "\(millis) ms" : "\(millis / 1000) s"
    }

    private func graph(_ id: String) async throws -> (graph: DotGraph, name: String, title: String) {
        guard let run = try self.services.database.read("run", ["run": .string(id)]).first else {
            throw OrchestrationError.notFound(what: "run", name: id, hint: "see `plexus run list`")
        }
        let name = "\(run["pipeline"]?.string ?? "")@\(run["version"]?.string ?? "")"
        let graph = try self.services.pipelines.graph(name)
        return (graph, name, "\(name), run \(run["state"]?.string ?? "")")
    }

    /// The run's picture: laid out once for each version of a pipeline, then only recoloured.
    func svg(_ id: String) async throws -> [UInt8] {
        let (graph, _, title) = try await self.graph(id)
        let states = try self.states(id)
        guard graph.nodes.count <= RunGroups.limit else {
            let groups = RunGroups(graph, title: title, states: states)
            return try await self.services.pictures.render(groups.dot(), format: .svg)
        }
        let template = try await self.services.templates.template(for: graph, drawnBy: self.services.pictures)
        return template.svg(title: title, states: states)
    }

    // MARK: Events

    /// Server-sent events: `state` with the run's state and what changed of its steps, until it has ended.
    func events(_ id: String) async throws -> Response {
        let (graph, pipeline, _) = try await self.graph(id)
        let names = graph.nodes.map(\.name)
        let services = self.services
        var headers: HTTPFields = [:]
        headers[.contentType] = "text/event-stream"
        headers[.cacheControl] = "no-store"
        return Response(
            status: .ok, headers: headers,
            body: .init { writer in
                let commits = services.database.commits()
                var shown: [String: RunPicture.StepState] = [:]
                var runState = ""
                // The state at the beginning, then after commits; several that come close together are told once.
                func tell() async throws -> Bool {
                    let state =
                        try services.database.read("run", ["run": .string(id)]).first?["state"]?.string ?? ""
                    let states = try self.states(id)
                    let changed = names.enumerated().filter { states[$0.element] != shown[$0.element] }
                    if !changed.isEmpty || state != runState {
                        let reasons = try self.reasons(id)
                        let event = Self.event(pipeline, state, changed, states, reasons)
                        try await writer.write(ByteBuffer(string: "event: state\ndata: \(event.text)\n\n"))
                        shown = states
                        runState = state
                    }
                    return state != "running"
                }
                var isOver = try await tell()
                if !isOver {
                    for await _ in commits.cancelOnGracefulShutdown() {
                        try await Task.sleep(for: .milliseconds(40))
                        isOver = try await tell()
                        if isOver { break }
                    }
                }
                try await writer.write(ByteBuffer(string: "event: end\ndata: {}\n\n"))
                try await writer.finish(nil)
            })
    }

    private static func event(
        _ pipeline: String, _ state: String, _ changed: [(offset: Int, element: String)],
        _ states: [String: RunPicture.StepState], _ reasons: [String: String]
    ) -> JSON {
        [
            "pipeline": .string(pipeline), "state": .string(state),
            "steps": .array(
                changed.map { number, name in
                    let look = RunPicture.look(states[name])
                    return [
                        "number": .int(number), "step": .string(name),
                        "state": .string(states[name]?.state ?? ""), "text": .string(look.text),
                        "fill": .string(look.fill), "border": .string(look.border),
                        "reason": reasons[name].map(JSON.string) ?? .null,
                    ]
                }),
        ]
    }

    /// The page. The token comes after `#token=` in the address, where no server sees it, or from the field.
    private static let html = """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
        <title>Run</title><style>
        :root{color-scheme:light dark;font:15px/1.4 system-ui,sans-serif}
        body{margin:0;padding:12px;max-width:1200px}
        h1{font-size:1.05rem;margin:0 0 8px;overflow-wrap:anywhere}
        #picture{overflow:auto;border:1px solid #8886;border-radius:8px;padding:6px}
        #picture svg{max-width:100%;height:auto}
        #steps{list-style:none;padding:0;margin:12px 0}
        #steps li{display:flex;gap:8px;justify-content:space-between;padding:6px 8px;border-left:5px solid;margin:4px 0;background:#8881;overflow-wrap:anywhere}
        #steps li{flex-wrap:wrap}
        #steps small{flex-basis:100%;font:13px/1.4 ui-monospace,monospace;white-space:pre-wrap}
        #steps small:empty,#run:empty{display:none}
        #run{margin:-6px 0 8px;opacity:.7;overflow-wrap:anywhere}
        #problem{color:#c2453f}
        input{font:inherit;width:100%;box-sizing:border-box;padding:8px}
        </style></head><body>
        <h1 id="title">Run</h1><div id="run"></div><p id="problem" role="alert"></p>
        <form id="ask" hidden><label>Token <input id="token" type="password" autocomplete="off"></label></form>
        <div id="picture" aria-live="off"></div><ul id="steps" aria-live="polite"></ul>
        <script>
        const id=location.pathname.split("/").pop(),$=n=>document.getElementById(n);
        const given=new URLSearchParams(location.hash.slice(1)).get("token");
        if(given){sessionStorage.token=given;history.replaceState(null,"",location.pathname)}
        const get=(path)=>fetch(path,{headers:sessionStorage.token?{Authorization:"Bearer "+sessionStorage.token}:{}});
        const say=t=>{$("problem").textContent=t};
        $("ask").onsubmit=e=>{e.preventDefault();sessionStorage.token=$("token").value;$("ask").hidden=true;say("");start()};
        function paint(step){
          const node=document.getElementById("step-"+step.number);
          if(node){
            node.setAttribute("class","node step "+step.state);
            const shape=node.querySelector("path,polygon,ellipse");
            if(shape){shape.setAttribute("fill",step.fill);shape.setAttribute("stroke",step.border)}
            const texts=node.querySelectorAll("text");
            if(texts.length)texts[texts.length-1].textContent=step.text;
          }
          let row=document.getElementById("row-"+step.number);
          if(!row){row=document.createElement("li");row.id="row-"+step.number;row.append(document.createElement("b"),document.createElement("span"),document.createElement("small"));$("steps").append(row)}
          row.style.borderColor=step.border;row.children[0].textContent=step.step;row.children[1].textContent=step.text;row.children[2].textContent=step.reason||"";
        }
        async function start(){
          const picture=await get("/v1/runs/"+id+"/graph.svg");
          if(picture.status==401){$("ask").hidden=false;return say("A token is needed.")}
          if(!picture.ok)return say((await picture.json()).detail);
          const svg=new DOMParser().parseFromString(await picture.text(),"image/svg+xml").documentElement;
          $("picture").replaceChildren(document.importNode(svg,true));
          listen();
        }
        async function listen(){
          try{
            const answer=await get("/v1/runs/"+id+"/events"),reader=answer.body.getReader(),decoder=new TextDecoder();
            let rest="";
            for(;;){
              const {done,value}=await reader.read();
              if(done)break;
              rest+=decoder.decode(value,{stream:true});
              const parts=rest.split("\\n\\n");rest=parts.pop();
              for(const part of parts){
                if(part.startsWith("event: end"))return;
                const data=JSON.parse(part.slice(part.indexOf("data: ")+6));
                $("title").textContent=data.pipeline+": "+data.state;$("run").textContent="run "+id;document.title=data.pipeline+" "+data.state;
                data.steps.forEach(paint);
              }
            }
          }catch(error){}
          setTimeout(listen,2000);
        }
        start();
        </script></body></html>
        """
}
