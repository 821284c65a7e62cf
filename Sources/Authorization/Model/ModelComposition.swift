extension AuthorizationModel {
    /// Reads a model in the OpenFGA language.
    /// - Throws: ``ModelError`` with the place of the first mistake.
    package static func parse(_ source: String, file: String = "") throws(ModelError) -> AuthorizationModel {
        let part = try ModelParser.parse(ModelSource(source, file: file))
        return try ModelComposition(parts: [part]).model()
    }

    /// Joins the modules of a model (schema 1.2): types and conditions of all, and what they add to each other's types.
    /// - Throws: ``ModelError`` with the file and the place of the first mistake.
    package static func compose(
        _ modules: [(file: String, source: String)]
    ) throws(ModelError) -> AuthorizationModel {
        var parts: [ModelPart] = []
        for module in modules {
            let part = try ModelParser.parse(ModelSource(module.source, file: module.file))
            guard part.module != nil else {
                throw part.source.error(
                    "a file of a model of modules starts with `module`",
                    at: ModelSource.Place(line: 1, column: 1))
            }
            parts.append(part)
        }
        return try ModelComposition(parts: parts).model()
    }
}

/// Puts what texts say together into one model.
private struct ModelComposition {
    let parts: [ModelPart]

    func model() throws(ModelError) -> AuthorizationModel {
        var types: [AuthorizationModel.TypeDefinition] = []
        var conditions: [AuthorizationModel.Condition] = []
        for part in self.parts {
            let origin = part.module.map { AuthorizationModel.Origin(module: $0, file: part.source.file) }
            for type in part.types where !type.isExtension {
                guard !types.contains(where: { $0.name == type.name }) else {
                    throw part.source.error("type `\(type.name)` is defined twice", at: type.place)
                }
                types.append(
                    AuthorizationModel.TypeDefinition(
                        name: type.name, relations: type.relations, origin: origin))
            }
            for (condition, place) in part.conditions {
                guard !conditions.contains(where: { $0.name == condition.name }) else {
                    throw part.source.error("condition `\(condition.name)` is defined twice", at: place)
                }
                conditions.append(
                    AuthorizationModel.Condition(
                        name: condition.name, expression: condition.expression, origin: origin))
            }
        }
        for part in self.parts { try self.extend(&types, by: part) }
        let model = AuthorizationModel(
            types: types, conditions: conditions, schemaVersion: self.parts.first?.schemaVersion ?? "1.2")
        if let problem = ModelValidation(model: model).problems().first { throw self.placed(problem) }
        return model
    }

    private func extend(
        _ types: inout [AuthorizationModel.TypeDefinition], by part: ModelPart
    ) throws(ModelError) {
        let origin = part.module.map { AuthorizationModel.Origin(module: $0, file: part.source.file) }
        for type in part.types where type.isExtension {
            guard let index = types.firstIndex(where: { $0.name == type.name }) else {
                throw part.source.error(
                    "there is no type `\(type.name)` to extend", at: type.place)
            }
            let old = types[index]
            for relation in type.relations where old.relation(relation.name) != nil {
                let mention = ModelMention(definition: type.name, relation: relation.name)
                throw part.source.error(
                    "type `\(type.name)` has a relation `\(relation.name)` already",
                    at: part.mentions[mention] ?? type.place)
            }
            let added = type.relations.map {
                AuthorizationModel.Relation(
                    name: $0.name, rewrite: $0.rewrite, restrictions: $0.restrictions, origin: origin)
            }
            types[index] = AuthorizationModel.TypeDefinition(
                name: old.name, relations: old.relations + added, origin: old.origin)
        }
    }

    /// The place of a problem: the name it is about, else the relation, else the type, else the start.
    private func placed(_ problem: ModelValidation.Problem) -> ModelError {
        let whole = problem.mention
        let steps = [
            whole, ModelMention(definition: whole.definition, relation: whole.relation),
            ModelMention(definition: whole.definition),
        ]
        for step in steps {
            for part in self.parts {
                if let place = part.mentions[step] { return part.source.error(problem.message, at: place) }
            }
        }
        guard let first = self.parts.first else { return ModelError(message: problem.message) }
        return first.source.error(problem.message, at: ModelSource.Place(line: 1, column: 1))
    }
}
