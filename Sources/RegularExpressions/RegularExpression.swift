/// A regular expression, matched in time proportional to text times pattern: all ways
/// to match are followed side by side (Thompson, 1968), so no pattern can make it take longer.
///
/// Known are characters and their escapes, `.`, classes, groups, `|`, `* + ? {n,m}` (lazy and possessive ones match the same
/// whole texts), `^ $ \b \B`, `\d \w \s \p{L}` and the flags `(?ims)`. Look-around and back-references are not.
package struct RegularExpression: Sendable {
    /// How many instructions a pattern may become; `{n,m}` is written out.
    static let sizeLimit = 20_000

    enum Instruction: Sendable {
        case one(CharacterSet)
        /// Goes on at both.
        case split(Int, Int)
        case jump(Int)
        case assertion(Assertion)
        case match
    }

    enum Assertion: Sendable {
        case start
        case end
        case lineStart
        case lineEnd
        case boundary(isNegated: Bool)
    }

    private let program: [Instruction]

    /// - Throws: ``RegularExpressionError`` for what is no regular expression, or one that is not known here.
    package init(_ pattern: String) throws(RegularExpressionError) {
        var parser = RegularExpressionParser(pattern)
        let tree = try parser.parse()
        var compiler = Compiler()
        try compiler.add(tree)
        compiler.program.append(.match)
        self.program = compiler.program
    }

    /// Whether the whole text matches. Calls `step` for each character.
    package func matches(_ text: String, _ step: () throws -> Void) rethrows -> Bool {
        let scalars = Array(text.unicodeScalars)
        var current = ThreadList(count: self.program.count)
        var next = ThreadList(count: self.program.count)
        self.follow(0, at: 0, scalars, &current)
        for (place, scalar) in scalars.enumerated() {
            try step()
            if current.order.isEmpty { return false }
            next.clear()
            for thread in current.order {
                guard case .one(let set) = self.program[thread], set.contains(scalar) else { continue }
                self.follow(thread + 1, at: place + 1, scalars, &next)
            }
            swap(&current, &next)
        }
        return self.hasEnded(current)
    }

    /// Whether some part of the text matches. Calls `step` for each character.
    package func isFound<Failure: Error>(
        in text: String, _ step: () throws(Failure) -> Void
    ) throws(Failure) -> Bool {
        let scalars = Array(text.unicodeScalars)
        var current = ThreadList(count: self.program.count)
        var next = ThreadList(count: self.program.count)
        for (place, scalar) in scalars.enumerated() {
            try step()
            self.follow(0, at: place, scalars, &current)
            if self.hasEnded(current) { return true }
            next.clear()
            for thread in current.order {
                guard case .one(let set) = self.program[thread], set.contains(scalar) else { continue }
                self.follow(thread + 1, at: place + 1, scalars, &next)
            }
            swap(&current, &next)
        }
        self.follow(0, at: scalars.count, scalars, &current)
        return self.hasEnded(current)
    }

    private func hasEnded(_ threads: ThreadList) -> Bool {
        threads.order.contains { if case .match = self.program[$0] { true } else { false } }
    }

    /// The instructions that are reached without taking a character.
    private func follow(_ start: Int, at place: Int, _ text: [Unicode.Scalar], _ threads: inout ThreadList) {
        var pending = [start]
        while let instruction = pending.popLast() {
            guard threads.mark(instruction) else { continue }
            switch self.program[instruction] {
            case .one, .match: threads.order.append(instruction)
            case .jump(let target): pending.append(target)
            case .split(let first, let second): pending += [first, second]
            case .assertion(let assertion):
                if Self.holds(assertion, at: place, text) { pending.append(instruction + 1) }
            }
        }
    }

    private static func holds(_ assertion: Assertion, at place: Int, _ text: [Unicode.Scalar]) -> Bool {
        func isWord(_ index: Int) -> Bool {
            text.indices.contains(index) && CharacterSet.word.contains(text[index])
        }
        return switch assertion {
        case .start: place == 0
        case .end: place == text.count
        case .lineStart: place == 0 || text[place - 1] == "\n"
        case .lineEnd: place == text.count || text[place] == "\n"
        case .boundary(let isNegated): (isWord(place - 1) != isWord(place)) != isNegated
        }
    }

    /// Instructions that are active at a place of the text, each once.
    private struct ThreadList {
        var order: [Int] = []
        private var seen: [Bool]
        private var marked: [Int] = []

        init(count: Int) { self.seen = Array(repeating: false, count: count) }

        mutating func mark(_ instruction: Int) -> Bool {
            guard !self.seen[instruction] else { return false }
            self.seen[instruction] = true
            self.marked.append(instruction)
            return true
        }

        mutating func clear() {
            for instruction in self.marked { self.seen[instruction] = false }
            self.marked.removeAll(keepingCapacity: true)
            self.order.removeAll(keepingCapacity: true)
        }
    }

    // MARK: Compiling

    indirect enum Node {
        case empty
        case one(CharacterSet)
        case assertion(Assertion)
        case sequence([Node])
        case alternatives([Node])
        case repeated(Node, minimum: Int, maximum: Int?)
    }

    private struct Compiler {
        var program: [Instruction] = []

        mutating func add(_ node: Node) throws(RegularExpressionError) {
            guard self.program.count < RegularExpression.sizeLimit else {
                throw RegularExpressionError.tooLarge
            }
            switch node {
            case .empty: break
            case .one(let set): self.program.append(.one(set))
            case .assertion(let assertion): self.program.append(.assertion(assertion))
            case .sequence(let nodes): for node in nodes { try self.add(node) }
            case .alternatives(let nodes): try self.addAlternatives(nodes)
            case .repeated(let node, let minimum, let maximum): try self.addRepeated(node, minimum, maximum)
            }
        }

        private mutating func addAlternatives(_ nodes: [Node]) throws(RegularExpressionError) {
            var ends: [Int] = []
            for (index, node) in nodes.enumerated() {
                guard index < nodes.count - 1 else {
                    try self.add(node)
                    break
                }
                let split = self.program.count
                self.program.append(.match)
                try self.add(node)
                ends.append(self.program.count)
                self.program.append(.match)
                self.program[split] = .split(split + 1, self.program.count)
            }
            for end in ends { self.program[end] = .jump(self.program.count) }
        }

        private mutating func addRepeated(_ node: Node, _ minimum: Int, _ maximum: Int?)
            throws(RegularExpressionError)
        {
            for _ in 0..<minimum { try self.add(node) }
            guard let maximum else {
                let split = self.program.count
                self.program.append(.match)
                try self.add(node)
                self.program.append(.jump(split))
                self.program[split] = .split(split + 1, self.program.count)
                return
            }
            var splits: [Int] = []
            for _ in 0..<max(0, maximum - minimum) {
                splits.append(self.program.count)
                self.program.append(.match)
                try self.add(node)
            }
            for split in splits { self.program[split] = .split(split + 1, self.program.count) }
        }
    }
}

/// Which characters fit at a place.
struct CharacterSet: Sendable {
    enum Part: Sendable {
        case range(ClosedRange<UInt32>)
        case digits
        case wordCharacters
        case space
        case category(String)
        indirect case not(CharacterSet)
    }

    var parts: [Part] = []
    var isNegated = false
    var ignoresCase = false
    /// Every one of these must fit as well: `[a-z&&[^b]]`.
    var intersections: [CharacterSet] = []

    static let word = CharacterSet(parts: [.wordCharacters])
    static let any = CharacterSet(isNegated: true)

    init(parts: [Part] = [], isNegated: Bool = false) {
        self.parts = parts
        self.isNegated = isNegated
    }

    init(_ scalar: Unicode.Scalar) { self.parts = [.range(scalar.value...scalar.value)] }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        var fits = self.parts.contains { self.fits($0, scalar) }
        if !fits, self.ignoresCase {
            fits = Self.others(scalar).contains { other in self.parts.contains { self.fits($0, other) } }
        }
        return fits != self.isNegated && self.intersections.allSatisfy { $0.contains(scalar) }
    }

    private static func others(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping].compactMap { text in
            text.unicodeScalars.count == 1 ? text.unicodeScalars.first : nil
        }
    }

    private func fits(_ part: Part, _ scalar: Unicode.Scalar) -> Bool {
        switch part {
        case .range(let range): range.contains(scalar.value)
        case .digits: ("0"..."9").contains(scalar)
        case .wordCharacters:
            ("0"..."9").contains(scalar) || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
                || scalar == "_"
        case .space: scalar == " " || (9...13).contains(scalar.value)
        case .category(let name): Self.isOf(scalar, name)
        case .not(let set): !set.contains(scalar)
        }
    }

    static let categories: Set<String> = [
        "L", "Lu", "Ll", "N", "Nd", "P", "S", "Z", "Alpha", "Digit", "Alnum", "Upper", "Lower", "Punct",
        "Space", "IsAlphabetic", "IsUppercase", "IsLowercase", "IsDigit",
    ]

    private static func isOf(_ scalar: Unicode.Scalar, _ name: String) -> Bool {
        let properties = scalar.properties
        switch name {
        case "L", "Alpha", "IsAlphabetic": return properties.isAlphabetic
        case "Lu", "Upper", "IsUppercase": return properties.isUppercase
        case "Ll", "Lower", "IsLowercase": return properties.isLowercase
        case "N": return properties.numericType != nil
        case "Nd", "Digit", "IsDigit": return properties.generalCategory == .decimalNumber
        case "Alnum": return properties.isAlphabetic || properties.generalCategory == .decimalNumber
        case "Z", "Space": return properties.isWhitespace
        case "S":
            return [.mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol]
                .contains(properties.generalCategory)
        default:
            return [
                .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
                .initialPunctuation, .finalPunctuation, .otherPunctuation,
            ].contains(properties.generalCategory)
        }
    }
}

/// Why a text is no regular expression that is known here.
package enum RegularExpressionError: Error, Hashable, Sendable {
    /// It is none, or has something that is not known.
    case malformed(String)
    /// It becomes too large; smaller counts in `{n,m}` help.
    case tooLarge
}

extension RegularExpressionError: CustomStringConvertible {
    /// What is wrong.
    package var description: String {
        switch self {
        case .malformed(let reason): reason
        case .tooLarge: "the regular expression is too large; use smaller counts in {n,m}"
        }
    }
}
