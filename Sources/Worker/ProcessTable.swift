internal import Glibc

/// The processes of this machine, as `/proc` shows them at a moment.
struct ProcessTable {
    /// One of them.
    struct Entry {
        let pid: pid_t
        let parent: pid_t
        let session: pid_t
        /// When it started, in ticks since the machine did: tells it from another with the same number.
        let start: UInt64
        let isZombie: Bool
    }

    let entries: [pid_t: Entry]

    /// Reads the table. O(processes), a file each.
    init() {
        var entries: [pid_t: Entry] = [:]
        if let folder = opendir("/proc") {
            defer { closedir(folder) }
            while let item = readdir(folder) {
                let name = withUnsafePointer(to: &item.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                guard let pid = pid_t(name), let entry = Self.entry(pid) else { continue }
                entries[pid] = entry
            }
        }
        self.entries = entries
    }

    /// proc_pid_stat(5); nil for a process that is gone.
    static func entry(_ pid: pid_t) -> Entry? {
        guard let fields = Self.statistics(of: pid) else { return nil }
        guard fields.count > 20, let parent = Self.number(fields[1]), let session = Self.number(fields[3]),
            let start = Self.number(fields[19])
        else { return nil }
        return Entry(
            pid: pid, parent: pid_t(truncatingIfNeeded: parent), session: pid_t(truncatingIfNeeded: session),
            start: UInt64(start), isZombie: fields[0].first == UInt8(ascii: "Z"))
    }

    /// The fields of `/proc/PID/stat` from the third, its state, on.
    private static func statistics(of pid: pid_t) -> [ArraySlice<UInt8>]? {
        // The name may hold anything but ends with the last bracket.
        guard let text = Self.read("/proc/\(pid)/stat", limit: 4096), let bracket = text.lastIndex(of: 41)
        else { return nil }
        return text[(bracket + 1)...].split(separator: 32)
    }

    /// The value of a variable in the environment that a process was started with; nil where it cannot be read.
    static func variable(_ name: String, of pid: pid_t) -> String? {
        guard let bytes = Self.read("/proc/\(pid)/environ", limit: 1 << 20) else { return nil }
        let beginning = Array((name + "=").utf8)
        return bytes.split(separator: 0).first { $0.starts(with: beginning) }
            .map { String(decoding: $0.dropFirst(beginning.count), as: UTF8.self) }
    }

    /// The file that a process runs; nil where the kernel does not tell.
    static func program(of pid: pid_t) -> String? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/\(pid)/exe", &bytes, bytes.count)
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Whether a process certainly runs another program than `own`, started without a variable. One that is being started is still
    /// `own`, then for a moment has its program but no environment (`env_end` is 0); one that ends has none any more. Hence the looks
    /// before and after.
    static func runs(_ pid: pid_t, without variable: String, besides own: String?) -> Bool {
        func hasBegun() -> Bool {
            guard let program = Self.program(of: pid), program != own else { return false }
            let environmentEnd = Self.statistics(of: pid).flatMap {
                $0.count > 48 ? Self.number($0[48]) : nil
            }
            return (environmentEnd ?? 0) != 0
        }
        return hasBegun() && Self.variable(variable, of: pid) == nil && hasBegun()
    }

    /// Memory that a process has for itself, in bytes: resident and not shared.
    static func memory(of pid: pid_t) -> Int {
        guard let text = Self.read("/proc/\(pid)/statm", limit: 256) else { return 0 }
        let fields = text.split(separator: 32)
        guard fields.count > 2, let resident = Self.number(fields[1]), let shared = Self.number(fields[2])
        else {
            return 0
        }
        return max(0, resident - shared) * sysconf(Int32(_SC_PAGESIZE))
    }

    /// Forgets how much memory a process had at most; what it has now counts on (proc(5), clear_refs).
    static func resetPeakMemory(of pid: pid_t) {
        let file = open("/proc/\(pid)/clear_refs", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = write(file, "5", 1)
        close(file)
    }

    /// The most memory that a process had at once since then, in bytes; 0 where the kernel does not tell.
    static func peakMemory(of pid: pid_t) -> Int {
        guard let text = Self.read("/proc/\(pid)/status", limit: 8192) else { return 0 }
        let name = Array("VmHWM:".utf8)
        guard let line = text.split(separator: 10).first(where: { $0.starts(with: name) }) else { return 0 }
        let digits = line.drop { !(48...57).contains($0) }.prefix { (48...57).contains($0) }
        return (Self.number(digits) ?? 0) * 1024
    }

    /// The children of a process, of all its threads; nil where the kernel does not tell (`CONFIG_PROC_CHILDREN`).
    static func children(of pid: pid_t) -> [pid_t]? {
        Self.children(of: pid, threads: .max)
    }

    /// The children of this program that may have come to it when their parents ended, and others; nil where the kernel does not
    /// tell. They come to the first thread that lives (`find_new_reaper` in kernel/exit.c): the main one, or when that has ended,
    /// as it has where dispatch runs on, the next.
    static func adoptedChildren() -> [pid_t]? { Self.children(of: getpid(), threads: 2) }

    private static func children(of pid: pid_t, threads: Int) -> [pid_t]? {
        guard let folder = opendir("/proc/\(pid)/task") else { return nil }
        defer { closedir(folder) }
        var children: [pid_t] = []
        var count = 0
        while count < threads, let item = readdir(folder) {
            let name = withUnsafePointer(to: &item.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard pid_t(name) != nil else { continue }
            count += 1
            guard let text = Self.read("/proc/\(pid)/task/\(name)/children", limit: 1 << 20) else {
                // A thread that has just ended has no children, if the kernel tells at all.
                guard access("/proc/\(pid)/task/\(pid)/children", R_OK) == 0 else { return nil }
                continue
            }
            children += text.split(separator: 32).compactMap {
                Self.number($0).map(pid_t.init(truncatingIfNeeded:))
            }
        }
        return children
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        Int(String(decoding: digits, as: UTF8.self))
    }

    private static func read(_ path: String, limit: Int) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: min(limit, 4096))
        var count = 0
        while count < limit {
            if count == bytes.count { bytes += [UInt8](repeating: 0, count: min(count, limit - count)) }
            let result = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(file, buffer.baseAddress.map { $0 + count }, buffer.count - count)
            }
            if result < 0, errno == EINTR { continue }
            guard result >= 0 else { return nil }
            guard result > 0 else { break }
            count += result
        }
        return Array(bytes[..<count])
    }
}
