import CStoreFloor
import Foundation

/// Which side of its goal a figure should be on.
enum Goal {
    case atMost(Double)
    case atLeast(Double)
}

/// Prints one figure, in the form that INTERFACE.md gives for all benches.
func figure(_ name: String, _ value: Double, _ unit: String, _ goal: Goal) {
    let (sign, bound, isMet) =
        switch goal {
        case .atMost(let bound): ("<=", bound, value <= bound)
        case .atLeast(let bound): (">=", bound, value >= bound)
        }
    write("figure \(name) \(value.short) \(unit) goal \(sign) \(bound.short) \(isMet ? "met" : "short")")
}

/// Prints the median of the rounds' ratios, and before it how far they lie apart.
func figure(_ name: String, ratios: [Double], _ goal: Goal) {
    let marks = [0, 0.25, 0.75, 1].map { ratios.quantile($0).short }
    note("\(name) of the rounds: \(marks[0]) to \(marks[3]), the middle half \(marks[1]) to \(marks[2])")
    figure(name, ratios.median, "x", goal)
}

/// Prints a line for people; never taken for a figure.
func note(_ text: String) { write(text.isEmpty ? "" : "# " + text) }

/// Unbuffered, so that a run that is cut off shows how far it came.
private func write(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

/// How many threads wanted a core during the last minute, and how many cores there are.
func loadAverage() -> String {
    let text = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? "unknown"
    return "\(text.prefix { $0 != " " }) on \(ProcessInfo.processInfo.activeProcessorCount) cores"
}

/// Both sides of a comparison gave different answers, or the machine refused something.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Checks that ours and the floor agree.
func expectEqual<Answer: Equatable>(_ ours: Answer, _ floor: Answer, _ what: String) throws {
    guard ours == floor else { throw BenchError("\(what): \(ours) differs from the floor's \(floor)") }
}

/// Monotonic time.
enum Clock {
    /// Nanoseconds since some moment.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Seconds since a moment that ``now()`` gave.
    static func seconds(since start: UInt64) -> Double { Double(Self.now() - start) * 1e-9 }

    /// Seconds that a piece of work takes, and what it gives.
    static func time<Result>(_ work: () throws -> Result) rethrows -> (seconds: Double, result: Result) {
        let start = Self.now()
        let result = try work()
        return (Self.seconds(since: start), result)
    }
}

extension Array<Double> {
    /// The value below which a share of the values lies; NaN without values.
    func quantile(_ share: Double) -> Double {
        guard !self.isEmpty else { return .nan }
        return self.sorted()[Swift.min(self.count - 1, Int(Double(self.count) * share))]
    }

    var median: Double { self.quantile(0.5) }
}

extension Double {
    /// Three digits that count, or all digits before the point.
    var short: String {
        guard self.isFinite, self != 0 else { return "\(self)" }
        let places = Swift.max(0, 2 - Int(Foundation.log10(Swift.abs(self)).rounded(.down)))
        let text = String(format: "%.\(places)f", self)
        guard places > 0 else { return text }
        return String(text.reversed().drop { $0 == "0" }.reversed()).trimmingSuffix(".")
    }

    /// Seconds as microseconds.
    var microseconds: String { (self * 1e6).short + " us" }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        self.hasSuffix(suffix) ? String(self.dropLast(suffix.count)) : self
    }
}
