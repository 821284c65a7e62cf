import Foundation
import HTTPAPI
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Worker

/// `GET /metrics` and `GET /healthz` of a worker, for those who watch over machines.
enum WorkerMetrics {
    /// A server of them at `host:port`.
    /// - Throws: ``CommandFailure`` for what is no such place.
    static func service(_ agent: WorkerAgent, at place: String) throws -> some Service {
        guard let colon = place.lastIndex(of: ":"), let port = Int(place[place.index(after: colon)...]),
            (0...65_535).contains(port)
        else { throw CommandFailure.usage("--metrics \(place): write HOST:PORT, such as 127.0.0.1:9420") }
        let host = place[..<colon].trimmingCharacters(in: ["[", "]"])
        let router = Router()
        router.get("/metrics") { _, _ in Self.text(agent.figures).response }
        router.get("/healthz") { _, _ in "ok\n" }
        return Application(
            router: router,
            configuration: .init(address: .hostname(host, port: port), serverName: "plexus-worker"),
            onServerRunning: { channel in
                Terminal.say("metrics on http://\(host):\(channel.localAddress?.port ?? port)/metrics")
            }, logger: Serve.logger("metrics", level: "warning"))
    }

    private static func text(_ figures: WorkerFigures) -> PrometheusText {
        var text = PrometheusText()
        func gauge(_ name: String, _ help: String, _ number: Int) {
            text.add(name, "gauge", help, [("", "\(number)")])
        }
        gauge("plexus_worker_slots", "How many jobs run at once at most.", figures.slots)
        gauge("plexus_worker_jobs_running", "Jobs that run.", figures.running)
        gauge("plexus_worker_jobs_waiting", "Jobs that wait here for a slot.", figures.waiting)
        text.add(
            "plexus_worker_jobs_ended_total", "counter", "Jobs that ended, by outcome.",
            figures.ended.sorted { $0.key < $1.key }.map {
                ("{outcome=\"\(PrometheusText.escaped($0.key))\"}", "\($0.value)")
            })
        text.add(
            "plexus_worker_run_seconds_total", "counter", "How long jobs ran.", [("", "\(figures.seconds)")])
        text.addProcess()
        return text
    }
}
