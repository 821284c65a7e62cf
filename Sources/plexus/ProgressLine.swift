import Foundation
import GraphStorage
import Synchronization

/// One line on standard error that says how far an import or export is. Silent when nobody looks: in a pipe.
final class ProgressLine: Sendable {
    private struct State {
        var shownAt: ContinuousClock.Instant?
        var isVisible = false
    }

    private let start = ContinuousClock.now
    private let state = Mutex(State())

    /// Shows the progress, at most five times a second.
    func show(_ progress: FileProgress) {
        guard Terminal.isInteractive else { return }
        self.state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.shownAt, now - last < .milliseconds(200) { return }
            state.shownAt = now
            state.isVisible = true
            let rate = Self.rate(progress.entities, now - self.start)
            Self.write(
                "\r\u{1B}[K\(progress.file)  \(Self.grouped(progress.entities)) entities  \(rate) a second")
        }
    }

    /// Takes the line away.
    func clear() {
        self.state.withLock { state in
            if state.isVisible { Self.write("\r\u{1B}[K") }
            state.isVisible = false
        }
    }

    /// ` (1.2 s, 523,000 a second)`, for work that took a second or more; else nothing.
    static func pace(_ entities: Int, since start: ContinuousClock.Instant) -> String {
        let time = ContinuousClock.now - start
        guard time >= .seconds(1) else { return "" }
        let tenths = time.components.seconds * 10 + time.components.attoseconds / 100_000_000_000_000_000
        return " (\(tenths / 10).\(tenths % 10) s, \(self.rate(entities, time)) entities a second)"
    }

    private static func rate(_ entities: Int, _ time: Duration) -> String {
        let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
        return self.grouped(seconds > 0 ? Int(Double(entities) / seconds) : 0)
    }

    /// `1,234,567`
    static func grouped(_ number: Int) -> String {
        var text = ""
        for (index, digit) in String(number).reversed().enumerated() {
            if index > 0, index % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }

    private static func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
