/// A word, sign or literal of a query.
struct Token: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        /// A name or keyword as written; `isQuoted` for one in backticks, which is never a keyword.
        case word(String, isQuoted: Bool)
        case integer(Int)
        /// A whole number that does not fit 64 bits; allowed only as `-9223372036854775808`.
        case tooLarge(String)
        case float(Double)
        /// Something that begins as a number and is none, with the reason.
        case malformed(String)
        case string(String)
        /// `$name`
        case parameter(String)
        case sign(String)
        case end
    }

    let kind: Kind
    let range: SourceRange
    /// The word in capitals, for keywords; empty otherwise.
    let keyword: String

    init(_ kind: Kind, _ range: SourceRange) {
        self.kind = kind
        self.range = range
        if case .word(let text, false) = kind { self.keyword = text.uppercased() } else { self.keyword = "" }
    }
}
