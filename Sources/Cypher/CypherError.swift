/// What is wrong with a query, where, and what may be meant instead.
package struct CypherError: Error, Hashable, Sendable {
    /// When it was found, by the names of the openCypher Technology Compatibility Kit.
    package enum Kind: String, Sendable {
        /// While reading the text or checking it.
        case syntax = "SyntaxError"
        /// A value of the wrong type.
        case type = "TypeError"
        /// A wrong argument.
        case argument = "ArgumentError"
        /// Wrong arithmetic.
        case arithmetic = "ArithmeticError"
        /// A parameter that was not given.
        case parameterMissing = "ParameterMissing"
        /// A procedure that is not there or is called wrongly.
        case procedure = "ProcedureError"
        /// An entity that is gone.
        case entityNotFound = "EntityNotFound"
        /// Something about properties.
        case semantic = "SemanticError"
        /// A rule of the schema was broken.
        case constraintValidationFailed = "ConstraintValidationFailed"
        /// A node was deleted that still has relationships.
        case constraintVerificationFailed = "ConstraintVerificationFailed"
        /// A limit of time, rows or memory was reached.
        case limit = "LimitExceeded"
        /// The query was cancelled.
        case cancelled = "Cancelled"
        /// Whoever asks may not do this with the graph.
        case forbidden = "Forbidden"
    }

    /// The kind.
    package let kind: Kind
    /// The detail, by the kit's names, such as `UndefinedVariable`.
    package let detail: String
    /// What is wrong, in words.
    package let message: String
    /// Where; nil when no place can be named.
    package var range: SourceRange?
    /// What may be meant.
    package let hint: String?
    /// The query's text, once known.
    package var source: String?

    /// Joins the parts.
    package init(
        _ kind: Kind, _ detail: String, _ message: String, at range: SourceRange? = nil, hint: String? = nil
    ) {
        self.kind = kind
        self.detail = detail
        self.message = message
        self.range = range
        self.hint = hint
    }

    /// The same error with the query's text.
    package func with(source: String) -> CypherError {
        var error = self
        if error.source == nil { error.source = source }
        return error
    }
}

extension CypherError: CustomStringConvertible {
    /// Line and column of the place, from 1, in characters.
    package var position: (line: Int, column: Int)? {
        guard let range = self.range, let source = self.source else { return nil }
        let before = String(decoding: Array(source.utf8.prefix(range.start)), as: UTF8.self)
        let lines = before.split(separator: "\n", omittingEmptySubsequences: false)
        return (max(lines.count, 1), (lines.last?.count ?? 0) + 1)
    }

    /// Kind and detail, message, place, the line with a caret under the place, and the hint.
    package var description: String {
        var text = "\(self.kind.rawValue) (\(self.detail)): \(self.message)"
        if let range = self.range, let source = self.source, let (line, column) = self.position {
            text += " (line \(line), column \(column))"
            let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
            if line <= lines.count {
                let shown = lines[line - 1].replacing("\t", with: " ")
                // A long line is shown around the place only.
                let first = max(0, column - 60)
                let excerpt = shown.dropFirst(first).prefix(120)
                let width = max(1, min(range.end - range.start, excerpt.count - (column - 1 - first)))
                text += "\n  \(excerpt)\n  " + String(repeating: " ", count: column - 1 - first)
                text += String(repeating: "^", count: width)
            }
        }
        if let hint = self.hint { text += "\n  \(hint)" }
        return text
    }
}

/// The candidate nearest to a word by edit distance, if one is near enough to be meant.
package func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
    let wanted = Array(word.lowercased().unicodeScalars)
    var best: (name: String, distance: Int)?
    for candidate in candidates {
        let distance = editDistance(wanted, Array(candidate.lowercased().unicodeScalars))
        if distance < best?.distance ?? Int.max { best = (candidate, distance) }
    }
    guard let best, best.distance <= max(1, (wanted.count + 1) / 3) else { return nil }
    return best.name
}

/// Wagner and Fischer, 1974, in one row.
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    guard !right.isEmpty, left.count < 100, right.count < 100 else { return left.count + right.count }
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, b) in right.enumerated() {
            let above = row[j + 1]
            row[j + 1] = min(row[j] + 1, above + 1, diagonal + (a == b ? 0 : 1))
            diagonal = above
        }
    }
    return row[right.count]
}
