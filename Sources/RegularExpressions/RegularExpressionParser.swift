/// Reads a regular expression by recursive descent.
struct RegularExpressionParser {
    typealias Node = RegularExpression.Node

    private struct Flags {
        var ignoresCase = false
        var dotTakesAll = false
        var isMultiline = false
    }

    private static let depthLimit = 200
    private let pattern: [Unicode.Scalar]
    private let text: String
    private var at = 0
    private var depth = 0
    private var flags = Flags()

    init(_ pattern: String) {
        self.pattern = Array(pattern.unicodeScalars)
        self.text = pattern
    }

    mutating func parse() throws(RegularExpressionError) -> Node {
        let node = try self.alternatives()
        guard self.at == self.pattern.count else { throw self.error("a `)` that closes nothing") }
        return node
    }

    private func error(_ reason: String) -> RegularExpressionError {
        .malformed("`\(self.text.prefix(80))` is no regular expression: \(reason)")
    }

    private var next: Unicode.Scalar? { self.at < self.pattern.count ? self.pattern[self.at] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard self.next == scalar else { return false }
        self.at += 1
        return true
    }

    private mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard self.pattern[self.at...].starts(with: wanted) else { return false }
        self.at += wanted.count
        return true
    }

    private mutating func alternatives() throws(RegularExpressionError) -> Node {
        self.depth += 1
        defer { self.depth -= 1 }
        guard self.depth <= Self.depthLimit else { throw self.error("nested too deep") }
        var nodes = [try self.sequence()]
        while self.take("|") { nodes.append(try self.sequence()) }
        return nodes.count == 1 ? nodes[0] : .alternatives(nodes)
    }

    private mutating func sequence() throws(RegularExpressionError) -> Node {
        var nodes: [Node] = []
        while let scalar = self.next, scalar != "|", scalar != ")" {
            nodes.append(try self.quantified(try self.atom()))
        }
        return .sequence(nodes)
    }

    private mutating func quantified(_ atom: Node) throws(RegularExpressionError) -> Node {
        var node = atom
        if self.take("*") {
            node = .repeated(node, minimum: 0, maximum: nil)
        } else if self.take("+") {
            node = .repeated(node, minimum: 1, maximum: nil)
        } else if self.take("?") {
            node = .repeated(node, minimum: 0, maximum: 1)
        } else if self.next == "{" {
            node = try self.counted(node)
        } else {
            return node
        }
        // Lazy and possessive: whole texts match all the same, as long as nothing is possessive.
        if self.next == "+" { throw self.error("possessive quantifiers are not known here") }
        _ = self.take("?")
        return node
    }

    private mutating func counted(_ node: Node) throws(RegularExpressionError) -> Node {
        self.at += 1
        guard let minimum = self.number() else { throw self.error("a count is missing in {}") }
        var maximum: Int? = minimum
        if self.take(",") { maximum = self.number() }
        guard self.take("}") else { throw self.error("a `}` is missing") }
        guard maximum.map({ $0 >= minimum }) ?? true else {
            throw self.error("the counts are the wrong way round")
        }
        return .repeated(node, minimum: minimum, maximum: maximum)
    }

    private mutating func number() -> Int? {
        var number: Int?
        while let digit = self.next.flatMap({ Character($0).wholeNumberValue }), (number ?? 0) < 100_000 {
            number = (number ?? 0) * 10 + digit
            self.at += 1
        }
        return number
    }

    private mutating func atom() throws(RegularExpressionError) -> Node {
        guard let scalar = self.next else { return .empty }
        self.at += 1
        switch scalar {
        case "(": return try self.group()
        case "[": return .one(try self.characterClass())
        case ".":
            return .one(
                self.flags.dotTakesAll
                    ? .any : CharacterSet(parts: [.range(10...10), .range(13...13)], isNegated: true))
        case "^": return .assertion(self.flags.isMultiline ? .lineStart : .start)
        case "$": return .assertion(self.flags.isMultiline ? .lineEnd : .end)
        case "\\": return try self.escape()
        case "*", "+", "?": throw self.error("`\(scalar)` repeats nothing")
        default: return .one(self.literal(scalar))
        }
    }

    private func literal(_ scalar: Unicode.Scalar) -> CharacterSet {
        var set = CharacterSet(scalar)
        set.ignoresCase = self.flags.ignoresCase
        return set
    }

    /// A group, or flags: `(?i)` for what follows, `(?i:...)` for what is inside.
    private mutating func group() throws(RegularExpressionError) -> Node {
        let outer = self.flags
        if self.take("?") {
            if self.next == "=" || self.next == "!" || self.take("<=") || self.take("<!") {
                throw self.error("look-around is not known here")
            }
            if self.take("<") {
                while let scalar = self.next, scalar != ">" { _ = self.take(scalar) }
                guard self.take(">") else { throw self.error("the group's name has no end") }
            } else if try self.takeFlags() {
                return .empty
            }
        }
        let node = try self.alternatives()
        guard self.take(")") else { throw self.error("a `)` is missing") }
        self.flags = outer
        return node
    }

    /// Whether the flags stand alone.
    private mutating func takeFlags() throws(RegularExpressionError) -> Bool {
        var isOn = true
        while let scalar = self.next {
            self.at += 1
            switch scalar {
            case "-": isOn = false
            case "i": self.flags.ignoresCase = isOn
            case "s": self.flags.dotTakesAll = isOn
            case "m": self.flags.isMultiline = isOn
            case "u", "U": break
            case ":": return false
            case ")": return true
            default: throw self.error("`(?\(scalar)` is not known here")
            }
        }
        throw self.error("a `)` is missing")
    }

    private mutating func escape() throws(RegularExpressionError) -> Node {
        if self.take("Q") {
            var nodes: [Node] = []
            while let scalar = self.next, !self.take("\\E") {
                nodes.append(.one(self.literal(scalar)))
                self.at += 1
            }
            return .sequence(nodes)
        }
        if self.take("b") { return .assertion(.boundary(isNegated: false)) }
        if self.take("B") { return .assertion(.boundary(isNegated: true)) }
        if self.take("A") { return .assertion(.start) }
        if self.take("z") || self.take("Z") { return .assertion(.end) }
        return .one(try self.escapedSet())
    }

    private mutating func escapedSet() throws(RegularExpressionError) -> CharacterSet {
        guard let scalar = self.next else { throw self.error("a `\\` at the end") }
        self.at += 1
        switch scalar {
        case "d": return CharacterSet(parts: [.digits])
        case "D": return CharacterSet(parts: [.digits], isNegated: true)
        case "w": return .word
        case "W": return CharacterSet(parts: [.wordCharacters], isNegated: true)
        case "s": return CharacterSet(parts: [.space])
        case "S": return CharacterSet(parts: [.space], isNegated: true)
        case "p", "P": return try self.category(isNegated: scalar == "P")
        case "n": return CharacterSet("\n")
        case "r": return CharacterSet("\r")
        case "t": return CharacterSet("\t")
        case "f": return CharacterSet("\u{0C}")
        case "u": return try self.hexadecimal(4)
        case "x": return try self.hexadecimal(2)
        case "1"..."9", "k": throw self.error("back-references are not known here")
        case "a"..."z", "A"..."Z": throw self.error("`\\\(scalar)` is not known here")
        default: return self.literal(scalar)
        }
    }

    private mutating func hexadecimal(_ count: Int) throws(RegularExpressionError) -> CharacterSet {
        let digits = String(String.UnicodeScalarView(self.pattern[self.at...].prefix(count)))
        guard digits.utf8.count == count, let code = UInt32(digits, radix: 16),
            let scalar = Unicode.Scalar(code)
        else { throw self.error("\(count) hexadecimal digits are missing") }
        self.at += count
        return self.literal(scalar)
    }

    private mutating func category(isNegated: Bool) throws(RegularExpressionError) -> CharacterSet {
        var name = ""
        if self.take("{") {
            while let scalar = self.next, scalar != "}" {
                name.unicodeScalars.append(scalar)
                self.at += 1
            }
            guard self.take("}") else { throw self.error("a `}` is missing") }
        } else if let scalar = self.next {
            name.unicodeScalars.append(scalar)
            self.at += 1
        }
        guard CharacterSet.categories.contains(name) else {
            throw self.error("`\\p{\(name.prefix(20))}` is not known here")
        }
        return CharacterSet(parts: [.category(name)], isNegated: isNegated)
    }

    // MARK: Classes

    private mutating func characterClass() throws(RegularExpressionError) -> CharacterSet {
        self.depth += 1
        defer { self.depth -= 1 }
        guard self.depth <= Self.depthLimit else { throw self.error("nested too deep") }
        var set = CharacterSet()
        set.ignoresCase = self.flags.ignoresCase
        set.isNegated = self.take("^")
        var isFirst = true
        while let scalar = self.next, scalar != "]" || isFirst {
            isFirst = false
            if self.take("&&") {
                set.intersections.append(try self.restOfClass())
                return set
            }
            if self.take("[") {
                set.parts.append(.not(try self.inverted()))
            } else {
                try self.addRange(&set)
            }
        }
        guard self.take("]") else { throw self.error("a `]` is missing") }
        return set
    }

    /// What follows `&&`, up to the end of the class.
    private mutating func restOfClass() throws(RegularExpressionError) -> CharacterSet {
        if self.take("[") {
            let set = try self.characterClass()
            guard self.take("]") else { throw self.error("a `]` is missing") }
            return set
        }
        return try self.characterClass()
    }

    private mutating func inverted() throws(RegularExpressionError) -> CharacterSet {
        var set = try self.characterClass()
        guard set.intersections.isEmpty else {
            throw self.error("`&&` inside an inner class is not known here")
        }
        set.isNegated.toggle()
        return set
    }

    private mutating func addRange(_ set: inout CharacterSet) throws(RegularExpressionError) {
        let first = try self.classMember()
        guard case .range(let low)? = first.parts.first, first.parts.count == 1, !first.isNegated,
            self.next == "-",
            self.at + 1 < self.pattern.count, self.pattern[self.at + 1] != "]"
        else {
            set.parts.append(first.isNegated ? .not(CharacterSet(parts: first.parts)) : first.parts[0])
            return
        }
        self.at += 1
        guard case .range(let high)? = try self.classMember().parts.first, low.lowerBound <= high.lowerBound
        else {
            throw self.error("a range in [] is the wrong way round")
        }
        set.parts.append(.range(low.lowerBound...high.lowerBound))
    }

    private mutating func classMember() throws(RegularExpressionError) -> CharacterSet {
        if self.take("\\") { return try self.escapedSet() }
        guard let scalar = self.next else { throw self.error("a `]` is missing") }
        self.at += 1
        return CharacterSet(scalar)
    }
}
