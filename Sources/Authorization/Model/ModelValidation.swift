/// What must hold over a whole model.
struct ModelValidation {
    /// Something that does not hold, and what it is about.
    struct Problem {
        let message: String
        let mention: ModelMention
    }

    private let model: AuthorizationModel

    init(model: AuthorizationModel) { self.model = model }

    /// All that does not hold, types in the order written.
    func problems() -> [Problem] {
        var problems: [Problem] = []
        if self.model.types.isEmpty { problems.append(self.problem("the model has no types")) }
        for name in self.model.typeNames {
            guard let type = self.model.types[name] else { continue }
            problems += self.name(name, limit: 254, "type", ModelMention(definition: name))
            for relation in type.relations { problems += self.check(relation, type) }
        }
        for name in self.model.conditionNames {
            problems += self.name(name, limit: 256, "condition", ModelMention(definition: name))
        }
        guard problems.isEmpty else { return problems }
        return self.loops() + self.relationsWithoutEntry()
    }

    private func problem(_ message: String, _ type: String = "", _ relation: String = "", _ name: String = "")
        -> Problem
    {
        Problem(
            message: message, mention: ModelMention(definition: type, relation: relation, name: name))
    }

    private func name(
        _ name: String, limit: Int, _ kind: String, _ mention: ModelMention
    ) -> [Problem] {
        let isGood =
            !name.isEmpty && name.utf8.count <= limit && name != "self" && name != "this"
            && !name.contains { ":#@*".contains($0) || $0.isWhitespace }
        let message = "`\(name)` is no name for a \(kind)"
        return isGood ? [] : [Problem(message: message, mention: mention)]
    }

    // MARK: Relations

    private func check(
        _ relation: AuthorizationModel.Relation, _ type: AuthorizationModel.TypeDefinition
    ) -> [Problem] {
        var problems = self.name(
            relation.name, limit: 50, "relation",
            ModelMention(definition: type.name, relation: relation.name))
        if relation.rewrite.hasDirect, relation.restrictions.isEmpty {
            problems.append(
                self.problem(
                    "relation `\(relation.name)` of type `\(type.name)` names no types of subjects",
                    type.name,
                    relation.name))
        }
        if !relation.rewrite.hasDirect, !relation.restrictions.isEmpty {
            problems.append(
                self.problem(
                    "relation `\(relation.name)` of type `\(type.name)` has no tuples of its own and yet names types of subjects",
                    type.name, relation.name))
        }
        for restriction in relation.restrictions { problems += self.check(restriction, relation, type) }
        return problems + self.check(relation.rewrite, relation, type)
    }

    private func check(
        _ restriction: AuthorizationModel.Restriction, _ relation: AuthorizationModel.Relation,
        _ type: AuthorizationModel.TypeDefinition
    ) -> [Problem] {
        guard let subject = self.model.types[restriction.type] else {
            return [
                self.problem(
                    "there is no type `\(restriction.type)`", type.name, relation.name, restriction.type)
            ]
        }
        var problems: [Problem] = []
        if case .userset(let name) = restriction.kind, subject.relation(name) == nil {
            problems.append(
                self.problem(
                    "type `\(subject.name)` has no relation `\(name)`", type.name, relation.name, name))
        }
        if let condition = restriction.condition, self.model.conditions[condition] == nil {
            problems.append(
                self.problem(
                    "there is no condition `\(condition)`", type.name, relation.name, condition))
        }
        return problems
    }

    private func check(
        _ rewrite: AuthorizationModel.Rewrite, _ relation: AuthorizationModel.Relation,
        _ type: AuthorizationModel.TypeDefinition
    ) -> [Problem] {
        switch rewrite {
        case .direct: []
        case .computed(let name):
            type.relation(name) != nil
                ? []
                : [
                    self.problem(
                        "type `\(type.name)` has no relation `\(name)`", type.name, relation.name, name)
                ]
        case .from(let tupleset, let name): self.checkFrom(tupleset, name, relation, type)
        case .union(let parts), .intersection(let parts):
            parts.flatMap { self.check($0, relation, type) }
        case .exclusion(let base, let minus):
            self.check(base, relation, type) + self.check(minus, relation, type)
        }
    }

    private func checkFrom(
        _ tupleset: String, _ name: String, _ relation: AuthorizationModel.Relation,
        _ type: AuthorizationModel.TypeDefinition
    ) -> [Problem] {
        guard let parents = type.relation(tupleset), parents.rewrite == .direct,
            parents.restrictions.allSatisfy({ $0.kind == .object })
        else {
            return [
                self.problem(
                    "`\(tupleset)` after `from` must be a relation of type `\(type.name)` with a list of types only",
                    type.name, relation.name, tupleset)
            ]
        }
        guard parents.restrictions.contains(where: { self.model.relation(name, of: $0.type) != nil }) else {
            return [
                self.problem(
                    "no type that `\(tupleset)` names has a relation `\(name)`", type.name, relation.name,
                    name)
            ]
        }
        return []
    }

    // MARK: Relations that nobody can have

    private struct Key: Hashable {
        let type: String
        let relation: String
    }

    /// Relations that are defined by themselves on the same object.
    private func loops() -> [Problem] {
        self.model.typeNames.flatMap { name -> [Problem] in
            guard let type = self.model.types[name] else { return [] }
            return type.relations.compactMap { relation in
                guard self.leads(relation.rewrite, to: relation.name, type) else { return nil }
                return self.problem(
                    "relation `\(relation.name)` of type `\(name)` is defined by itself", name, relation.name)
            }
        }
    }

    private func leads(
        _ rewrite: AuthorizationModel.Rewrite, to wanted: String, _ type: AuthorizationModel.TypeDefinition
    ) -> Bool {
        var seen: Set<String> = []
        var pending = [rewrite]
        while let next = pending.popLast() {
            switch next {
            case .direct, .from: break
            case .computed(let name):
                if name == wanted { return true }
                if seen.insert(name).inserted, let relation = type.relation(name) {
                    pending.append(relation.rewrite)
                }
            case .union(let parts), .intersection(let parts): pending += parts
            case .exclusion(let base, let minus): pending += [base, minus]
            }
        }
        return false
    }

    /// A relation needs a way in: one that leads to a list of types and not only back to itself.
    private func relationsWithoutEntry() -> [Problem] {
        var entered: Set<Key> = []
        var isGrowing = true
        while isGrowing {
            isGrowing = false
            for (name, type) in self.model.types {
                for relation in type.relations {
                    let key = Key(type: name, relation: relation.name)
                    guard !entered.contains(key), self.hasEntry(relation.rewrite, relation, name, entered)
                    else { continue }
                    entered.insert(key)
                    isGrowing = true
                }
            }
        }
        return self.model.typeNames.flatMap { name -> [Problem] in
            (self.model.types[name]?.relations ?? [])
                .filter { !entered.contains(Key(type: name, relation: $0.name)) }
                .map {
                    self.problem(
                        "relation `\($0.name)` of type `\(name)` has no entry point: it leads only to itself",
                        name, $0.name)
                }
        }
    }

    private func hasEntry(
        _ rewrite: AuthorizationModel.Rewrite, _ relation: AuthorizationModel.Relation, _ type: String,
        _ entered: Set<Key>
    ) -> Bool {
        switch rewrite {
        case .direct:
            relation.restrictions.contains { restriction in
                guard case .userset(let name) = restriction.kind else { return true }
                return entered.contains(Key(type: restriction.type, relation: name))
            }
        case .computed(let name): entered.contains(Key(type: type, relation: name))
        case .from(let tupleset, let name):
            self.model.relation(tupleset, of: type)?.restrictions.contains {
                entered.contains(Key(type: $0.type, relation: name))
            } ?? false
        case .union(let parts): parts.contains { self.hasEntry($0, relation, type, entered) }
        case .intersection(let parts): parts.allSatisfy { self.hasEntry($0, relation, type, entered) }
        case .exclusion(let base, _): self.hasEntry(base, relation, type, entered)
        }
    }
}
