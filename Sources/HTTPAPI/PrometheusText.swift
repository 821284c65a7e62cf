internal import Foundation
internal import HTTPTypes
package import Hummingbird

/// Metrics in the text form that Prometheus reads (exposition format 0.0.4).
package struct PrometheusText: Sendable {
    private var text = ""

    /// Nothing yet.
    package init() {}

    /// Adds a metric with its samples; `labels` are in their braces, or empty.
    package mutating func add(
        _ name: String, _ kind: String, _ help: String, _ samples: [(labels: String, value: String)]
    ) {
        self.text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
        for sample in samples { self.text += "\(name)\(sample.labels) \(sample.value)\n" }
    }

    /// Adds what is to be known of this process.
    package mutating func addProcess() {
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?
            .split(separator: " ").dropFirst().first.flatMap { Int($0) }
        self.add(
            "process_resident_memory_bytes", "gauge", "Resident memory of the process.",
            [("", "\((pages ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))))")])
    }

    /// A text within a label's quotes.
    package static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    /// The answer to who asks for it.
    package var response: Response {
        var response = Response(status: .ok, body: .init(byteBuffer: .init(string: self.text)))
        response.headers[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
        return response
    }
}
