internal import CEL
internal import JSON

extension AuthorizationModel {
    /// Why a tuple does not fit the model; nil when it does.
    package func misfit(_ tuple: Tuple) -> String? {
        guard let type = self.types[tuple.object.type] else {
            return "there is no type `\(tuple.object.type)`"
        }
        guard let relation = type.relation(tuple.relation) else {
            return "type `\(type.name)` has no relation `\(tuple.relation)`"
        }
        guard tuple.object.id != "*" else { return "an object can not be all of its type" }
        guard self.types[tuple.subject.type] != nil else {
            return "there is no type `\(tuple.subject.type)`"
        }
        guard relation.rewrite.hasDirect else {
            return "relation `\(relation.name)` of type `\(type.name)` has no tuples of its own"
        }
        let kind = tuple.subject.kind
        let fitting = relation.restrictions.filter { $0.type == tuple.subject.type && $0.kind == kind }
        guard !fitting.isEmpty else {
            return
                "relation `\(relation.name)` of type `\(type.name)` takes "
                + relation.restrictions.map { "`\($0)`" }.joined(separator: ", ")
        }
        guard fitting.contains(where: { $0.condition == tuple.condition?.name }) else {
            return
                tuple.condition.map { "condition `\($0.name)` is not one that the relation takes there" }
                ?? "it needs one of the conditions "
                + fitting.compactMap { $0.condition.map { "`\($0)`" } }.joined(separator: ", ")
        }
        return tuple.condition.flatMap(self.misfit)
    }

    private func misfit(_ used: Tuple.UsedCondition) -> String? {
        guard let condition = self.conditions[used.name] else {
            return "there is no condition `\(used.name)`"
        }
        for member in used.context {
            guard let parameter = condition.expression.parameters.first(where: { $0.name == member.name })
            else { return "condition `\(used.name)` has no parameter `\(member.name)`" }
            do {
                _ = try parameter.type.value(of: member.value)
            } catch {
                return "parameter `\(member.name)` of condition `\(used.name)`: \(error)"
            }
        }
        return nil
    }
}

extension EntityReference {
    /// Which kind of subject it is.
    package var kind: AuthorizationModel.Restriction.Kind {
        if let relation = self.relation { return .userset(relation) }
        return self.id == "*" ? .wildcard : .object
    }
}
