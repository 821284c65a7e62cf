/// Which versions of a function or pipeline a step may use: `name@1.2.0`, `name@^1.2`, `name@~1.2`, `name@>=1.2 <2`, `name@1.x`, `name`.
///
/// - Source: the ranges of npm's node-semver as far as people write them by hand; order as Semantic Versioning 2.0.0.
package struct VersionRange: Hashable, Sendable {
    /// The name left of `@`.
    package let name: String
    /// What stands right of `@`; empty for the newest.
    package let text: String
    private let tests: [Test]

    private struct Test: Hashable, Sendable {
        let sign: String
        let version: String
    }

    /// Reads `name` or `name@range`; nil when it is neither.
    package init?(_ reference: String) {
        let parts = reference.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map {
            String($0).trimmed
        }
        guard let name = parts.first, FunctionDefinition.isName(name) else { return nil }
        self.name = name
        self.text = parts.count > 1 ? parts[1] : ""
        guard parts.count < 2 || !self.text.isEmpty, let tests = Self.tests(self.text) else { return nil }
        self.tests = tests
    }

    /// The one version that is meant; nil for a range.
    package var exact: String? {
        guard self.tests.count == 1, self.tests[0].sign == "=" else { return nil }
        return self.tests[0].version
    }

    /// As it is written.
    package var reference: String { self.text.isEmpty ? self.name : "\(self.name)@\(self.text)" }

    /// Whether a version is in the range.
    package func contains(_ version: String) -> Bool {
        self.tests.allSatisfy { test in
            if test.sign == "=" { return version == test.version }
            let order = Self.order(version, test.version)
            return switch test.sign {
            case ">=": order >= 0
            case ">": order > 0
            case "<=": order <= 0
            default: order < 0
            }
        }
    }

    /// The greatest version in the range; for a bare name the last of the list, which is the newest.
    package func newest(of versions: [String]) -> String? {
        if self.text.isEmpty { return versions.last }
        return versions.filter(self.contains).max { Self.order($0, $1) < 0 }
    }

    private static func tests(_ text: String) -> [Test]? {
        if text.isEmpty || text == "*" || text == "x" { return [] }
        var tests: [Test] = []
        for part in text.split(whereSeparator: { $0 == " " || $0 == "," }).map(String.init) {
            guard let found = self.test(part) else { return nil }
            tests += found
        }
        return tests
    }

    private static func test(_ part: String) -> [Test]? {
        for sign in [">=", "<=", ">", "<", "^", "~", "="] where part.hasPrefix(sign) {
            let version = String(part.dropFirst(sign.count))
            guard FunctionDefinition.isVersion(version) else { return nil }
            switch sign {
            case "^", "~":
                guard let above = self.above(version, isCaret: sign == "^") else { return nil }
                return [Test(sign: ">=", version: version), Test(sign: "<", version: above)]
            default: return [Test(sign: sign, version: version)]
            }
        }
        for suffix in [".x", ".*"] where part.hasSuffix(suffix) {
            let version = String(part.dropLast(2))
            guard let above = self.above(version, isCaret: false, last: true) else { return nil }
            return [Test(sign: ">=", version: version), Test(sign: "<", version: above)]
        }
        return FunctionDefinition.isVersion(part) ? [Test(sign: "=", version: part)] : nil
    }

    /// The first version that `^` or `~` leave out.
    private static func above(_ version: String, isCaret: Bool, last: Bool = false) -> String? {
        let release = version.split(separator: "-").first ?? ""
        var numbers: [Int] = []
        for part in release.split(separator: ".") {
            guard let number = Int(part), number < Int.max else { return nil }
            numbers.append(number)
        }
        guard !numbers.isEmpty else { return nil }
        let place =
            last
            ? numbers.count - 1
            : isCaret
                ? (numbers.firstIndex { $0 > 0 } ?? numbers.count - 1) : min(1, numbers.count - 1)
        numbers[place] += 1
        // Before all pre-releases of the next one.
        return numbers.prefix(place + 1).map(String.init).joined(separator: ".") + "-0"
    }

    /// Less than, equal to or greater than 0. Build metadata counts for nothing.
    package static func order(_ left: String, _ right: String) -> Int {
        let (a, b) = (self.parts(left), self.parts(right))
        for index in 0..<max(a.release.count, b.release.count) {
            let order = self.order(
                index < a.release.count ? a.release[index] : "0",
                index < b.release.count ? b.release[index] : "0",
                ())
            if order != 0 { return order }
        }
        if a.pre.isEmpty != b.pre.isEmpty { return a.pre.isEmpty ? 1 : -1 }
        for (left, right) in zip(a.pre, b.pre) {
            let order = self.order(left, right, ())
            if order != 0 { return order }
        }
        return a.pre.count - b.pre.count
    }

    private static func order(_ left: Substring, _ right: Substring, _: Void) -> Int {
        switch (Int(left), Int(right)) {
        case (let a?, let b?): a < b ? -1 : a > b ? 1 : 0
        case (.some, nil): -1
        case (nil, .some): 1
        default: left < right ? -1 : left > right ? 1 : 0
        }
    }

    private static func parts(_ version: String) -> (release: [Substring], pre: [Substring]) {
        let plain = version.split(separator: "+", maxSplits: 1).first ?? ""
        let halves = plain.split(separator: "-", maxSplits: 1)
        return (
            (halves.first ?? "").split(separator: "."),
            halves.count > 1 ? halves[1].split(separator: ".") : []
        )
    }
}
