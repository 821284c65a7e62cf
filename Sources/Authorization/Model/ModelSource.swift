/// The lines of a text of a model and its tokens: words and signs; `#` starts a comment at the start of a line or
/// after space.
struct ModelSource {
    struct Token {
        let text: String
        let place: Place
    }

    /// Where something stands, both from 1.
    struct Place: Hashable, Comparable {
        let line: Int
        let column: Int

        static func < (left: Place, right: Place) -> Bool {
            (left.line, left.column) < (right.line, right.column)
        }
    }

    let file: String
    let lines: [String]
    private(set) var tokens: [Token] = []

    init(_ source: String, file: String) {
        self.file = file
        self.lines = source.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
            .map(String.init)
        for (index, line) in self.lines.enumerated() { self.scan(Array(line), line: index + 1) }
    }

    private mutating func scan(_ line: [Character], line number: Int) {
        var at = 0
        while at < line.count {
            let character = line[at]
            if character.isWhitespace {
                at += 1
            } else if character == "#", at == 0 || line[at - 1].isWhitespace {
                return
            } else if Self.isWord(character) {
                let start = at
                while at < line.count, Self.isWord(line[at]) { at += 1 }
                self.append(String(line[start..<at]), number, start)
            } else {
                self.append(String(character), number, at)
                at += 1
            }
        }
    }

    private mutating func append(_ text: String, _ line: Int, _ start: Int) {
        self.tokens.append(Token(text: text, place: Place(line: line, column: start + 1)))
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || "_-./".contains(character)
    }

    func error(_ message: String, at place: Place) -> ModelError {
        ModelError(
            message: message, file: self.file, line: place.line, column: place.column,
            sourceLine: self.lines.indices.contains(place.line - 1) ? self.lines[place.line - 1] : "")
    }
}
