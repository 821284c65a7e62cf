internal import CEL

extension AuthorizationModel {
    /// The model in the OpenFGA language. Reading it gives an equal model, but for what modules said which part.
    package var text: String {
        var lines = ["model", "  schema \(self.schemaVersion)"]
        for name in self.typeNames {
            guard let type = self.types[name] else { continue }
            lines += ["", "type \(name)"]
            if !type.relations.isEmpty { lines.append("  relations") }
            for relation in type.relations {
                let rewrite = relation.rewrite.text(relation.restrictions, isNested: false)
                lines.append("    define \(relation.name): \(rewrite)")
            }
        }
        for name in self.conditionNames {
            guard let condition = self.conditions[name] else { continue }
            let parameters = condition.expression.parameters.map { "\($0.name): \($0.type)" }
            lines += [
                "", "condition \(name)(\(parameters.joined(separator: ", "))) {",
                "  \(condition.expression.text)", "}",
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension AuthorizationModel.Rewrite {
    fileprivate func text(_ restrictions: [AuthorizationModel.Restriction], isNested: Bool) -> String {
        let joined = { (parts: [Self], sign: String) -> String in
            parts.map { $0.text(restrictions, isNested: true) }.joined(separator: sign)
        }
        let text: String
        switch self {
        case .direct: return "[\(restrictions.map(\.description).joined(separator: ", "))]"
        case .computed(let name): return name
        case .from(let tupleset, let relation): return "\(relation) from \(tupleset)"
        case .union(let parts): text = joined(parts, " or ")
        case .intersection(let parts): text = joined(parts, " and ")
        case .exclusion(let base, let minus): text = joined([base, minus], " but not ")
        }
        return isNested ? "(\(text))" : text
    }
}
