internal import Foundation

/// What this machine is and how busy it is, from /proc.
struct MachineFigures: Sendable {
    let hostname: String
    let cores: Int
    let memoryBytes: Int
    let memoryFreeBytes: Int
    let load: Double

    static func current() -> MachineFigures {
        let memory = Self.memory()
        let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))?
            .split(separator: " ").first.flatMap { Double($0) }
        return MachineFigures(
            hostname: Self.hostname(), cores: ProcessInfo.processInfo.activeProcessorCount,
            memoryBytes: memory["MemTotal"] ?? 0, memoryFreeBytes: memory["MemAvailable"] ?? 0,
            load: load ?? 0)
    }

    /// The kernel's name for this machine; Foundation's `hostName` asks the name service and may wait for it.
    private static func hostname() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        let status = gethostname(&buffer, buffer.count - 1)
        let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return status == 0 && !name.isEmpty ? name : "localhost"
    }

    private static func memory() -> [String: Int] {
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else { return [:] }
        var figures: [String: Int] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":")
            guard parts.count == 2, let number = Int(parts[1].split(separator: " ").first ?? "") else {
                continue
            }
            figures[String(parts[0])] = number * 1024
        }
        return figures
    }
}
