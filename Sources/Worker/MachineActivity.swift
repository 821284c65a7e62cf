internal import Foundation
internal import Glibc
internal import JSON
internal import Synchronization

/// How busy a machine is beyond load and memory: cores, disk, temperatures, network, GPUs. Whatever cannot be read is left out.
struct MachineActivity {
    /// The folder whose disk counts.
    private let folder: String
    private var cores: [CoreTime] = []

    /// What a core has done since the machine started, in ticks of the kernel's clock.
    private struct CoreTime {
        var busy = 0
        var all = 0
    }

    init(folder: String) {
        self.folder = folder
        self.cores = Self.coreTimes()
    }

    /// The figures by the names of the worker protocol; processor times are since the last call. Starts a process where
    /// there are GPUs: call it on a thread that may block.
    mutating func figures() -> JSON.Object {
        var figures = JSON.Object()
        let now = Self.coreTimes()
        if now.count == self.cores.count, !now.isEmpty {
            let percents = zip(self.cores, now).map { before, after -> Double in
                let all = after.all - before.all
                return all > 0 ? (Double(after.busy - before.busy) * 1000 / Double(all)).rounded() / 10 : 0
            }
            figures["core_percent"] = .array(percents.map(JSON.double))
            let mean = percents.reduce(0, +) / Double(percents.count)
            figures["cpu_percent"] = .double((mean * 10).rounded() / 10)
        }
        self.cores = now
        var disk = statvfs()
        if statvfs(self.folder, &disk) == 0 {
            figures["disk_bytes"] = .int(Int(disk.f_blocks) * Int(disk.f_frsize))
            figures["disk_free_bytes"] = .int(Int(disk.f_bavail) * Int(disk.f_frsize))
        }
        let temperatures = Self.temperatures()
        if !temperatures.isEmpty { figures["temperatures"] = .array(temperatures.map(JSON.double)) }
        if let (received, sent) = Self.network() {
            figures["network_received_bytes"] = .int(received)
            figures["network_sent_bytes"] = .int(sent)
        }
        let gpus = Self.gpus()
        if !gpus.isEmpty { figures["gpus"] = .array(gpus.map(JSON.string)) }
        return figures
    }

    private static func read(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    private static func coreTimes() -> [CoreTime] {
        (Self.read("/proc/stat") ?? "").split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ")
            guard parts.count > 5, parts[0].hasPrefix("cpu"), parts[0] != "cpu" else { return nil }
            let ticks = parts.dropFirst().prefix(8).map { Int($0) ?? 0 }
            let all = ticks.reduce(0, &+)
            // The fourth and fifth are idle and waiting for the disk.
            return CoreTime(busy: all - ticks[3] - ticks[4], all: all)
        }
    }

    /// In degrees Celsius.
    private static func temperatures() -> [Double] {
        let folder = "/sys/class/thermal"
        let zones = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .filter { $0.hasPrefix("thermal_zone") }.sorted()
        return zones.compactMap { zone in
            Self.read("\(folder)/\(zone)/temp")
                .flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
                .map { Double($0) / 1000 }
        }
    }

    /// Bytes since the machine started, over all interfaces but the one to itself.
    private static func network() -> (received: Int, sent: Int)? {
        guard let text = Self.read("/proc/net/dev") else { return nil }
        var (received, sent) = (0, 0)
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].filter({ $0 != " " }) != "lo" else { continue }
            let numbers = parts[1].split(separator: " ").map { Int($0) ?? 0 }
            guard numbers.count > 8 else { continue }
            (received, sent) = (received &+ numbers[0], sent &+ numbers[8])
        }
        return (received, sent)
    }

    /// A line for each GPU: name, use in percent, memory used and in all in MiB, degrees Celsius.
    private static func gpus() -> [String] {
        let program = "/usr/bin/nvidia-smi"
        guard FileManager.default.isExecutableFile(atPath: program) else { return [] }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = [
            "--query-gpu=name,utilization.gpu,memory.used,memory.total,temperature.gpu",
            "--format=csv,noheader,nounits",
        ]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return [] }
        // A driver that hangs must not take the heartbeat with it.
        let killer = DispatchWorkItem { process.terminate() }
        DispatchQueue.global().asyncAfter(deadline: .now() + 2, execute: killer)
        let data = output.fileHandleForReading.readDataToEndOfFile()
        killer.cancel()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

/// Reads a machine's activity on a thread that may block.
final class ActivityThread: Sendable {
    private let queue = DispatchQueue(label: "plexus-activity")
    private let activity: Mutex<MachineActivity>

    init(folder: String) { self.activity = Mutex(MachineActivity(folder: folder)) }

    func figures() async -> JSON.Object {
        await withCheckedContinuation { done in
            self.queue.async { done.resume(returning: self.activity.withLock { $0.figures() }) }
        }
    }
}
