internal import CEL
package import JSON
package import PropertyGraph

/// A subject or a resource of AuthZEN: an entity with properties of the request.
package struct AccessEntity: Sendable {
    /// Its type.
    package let type: String
    /// Its id; empty where a search asks for it.
    package let id: String
    /// What the request says of it; wins over what the graph knows.
    package let properties: JSON.Object

    /// Joins the three.
    package init(type: String, id: String, properties: JSON.Object = JSON.Object()) {
        self.type = type
        self.id = id
        self.properties = properties
    }

    var reference: EntityReference { EntityReference(type: self.type, id: self.id) }
}

/// A request of AuthZEN (OpenID Authorization API 1.0): may the subject do this on the resource?
///
/// An action is a relation. Conditions may have the parameters `subject`, `resource` and `action`, each a map with `type` and
/// `id` or `name`, and `properties`, and `context`; `subject_NAME`, `resource_NAME` and `action_NAME` are one property each,
/// and any other name is one of the context. What the graph knows of subject and resource are properties too.
package struct AccessRequest: Sendable {
    /// Who.
    package var subject: AccessEntity
    /// Does what; empty where a search asks for it.
    package var action: String
    /// Properties of the action.
    package var actionProperties: JSON.Object
    /// On what.
    package var resource: AccessEntity
    /// Under which circumstances.
    package var context: JSON.Object

    /// Joins the parts.
    package init(
        subject: AccessEntity, action: String, actionProperties: JSON.Object = JSON.Object(),
        resource: AccessEntity, context: JSON.Object = JSON.Object()
    ) {
        self.subject = subject
        self.action = action
        self.actionProperties = actionProperties
        self.resource = resource
        self.context = context
    }
}

extension AuthorizationView {
    /// Whether the subject may do it, as AuthZEN asks. A resource that is not in the graph is judged as `type:*`, if the graph
    /// has that: what holds for all of a type.
    /// - Throws: ``AuthorizationError`` as ``check(_:_:_:_:)``.
    package func evaluate(
        _ request: AccessRequest, at moment: ZonedDateTime, limits: CheckLimits = .standard
    ) throws(AuthorizationError) -> Bool {
        try self.check(
            request.subject.reference, request.action, self.known(request.resource.reference),
            CheckOptions(at: moment, context: self.context(request), limits: limits))
    }

    private func known(_ resource: EntityReference) -> EntityReference {
        guard let type = self.bound.typePlaces[resource.type],
            self.bound.node(type, resource.id, in: self.graph) == nil
        else { return resource }
        return EntityReference(type: resource.type, id: "*")
    }

    // MARK: Searches

    /// The subjects of a type that may do it; the subject's id does not matter.
    /// - Throws: ``AuthorizationError`` for names that the model does not have.
    package func subjects(
        _ request: AccessRequest, at moment: ZonedDateTime
    ) throws(AuthorizationError) -> [EntityReference] {
        let type = try self.type(request.subject.type)
        let candidates = try self.named(
            request.subject.type, request.action, self.known(request.resource.reference))
        return candidates.contains { $0.id == "*" }
            ? self.filtered(self.all(type), { self.with(request, subject: $0.id) }, at: moment)
            : self.filtered(candidates, { self.with(request, subject: $0.id) }, at: moment)
    }

    private func with(_ request: AccessRequest, subject: String) -> AccessRequest {
        var request = request
        request.subject = AccessEntity(
            type: request.subject.type, id: subject, properties: request.subject.properties)
        return request
    }

    /// The resources of a type on which the subject may do it; the resource's id does not matter.
    /// - Throws: ``AuthorizationError`` for names that the model does not have.
    package func resources(
        _ request: AccessRequest, at moment: ZonedDateTime
    ) throws(AuthorizationError) -> [EntityReference] {
        let candidates = try self.reached(
            request.resource.type, request.subject.reference, request.action)
        return self.filtered(
            candidates.filter { $0.id != "*" },
            { resource in
                var request = request
                request.resource = AccessEntity(
                    type: resource.type, id: resource.id, properties: request.resource.properties)
                return request
            }, at: moment)
    }

    /// The actions that the subject may do on the resource.
    /// - Throws: ``AuthorizationError`` for names that the model does not have.
    package func actions(
        _ request: AccessRequest, at moment: ZonedDateTime
    ) throws(AuthorizationError) -> [String] {
        _ = try self.type(request.subject.type)
        let resource = try self.type(request.resource.type)
        return self.model.actions(of: self.bound.types[resource].name).filter { action in
            var request = request
            request.action = action
            return (try? self.evaluate(request, at: moment)) ?? false
        }
    }

    private func filtered(
        _ candidates: [EntityReference], _ request: (EntityReference) -> AccessRequest,
        at moment: ZonedDateTime
    ) -> [EntityReference] {
        candidates.filter { (try? self.evaluate(request($0), at: moment)) ?? false }
    }

    func all(_ type: Int) -> [EntityReference] {
        let label = self.bound.types[type].label
        guard label != BoundModel.none else { return [] }
        return self.graph.nodes(LabelID(label)).lazy
            .map { self.bound.reference($0, type: type, in: self.graph) }.filter { $0.id != "*" }
    }

    // MARK: Context

    /// Values for the parameters that the model's conditions declare.
    private func context(_ request: AccessRequest) -> JSON.Object {
        guard !self.bound.parameters.isEmpty else { return JSON.Object() }
        let subject = self.properties(request.subject)
        let resource = self.properties(request.resource)
        var context = JSON.Object()
        for parameter in self.bound.parameters {
            context[parameter] =
                switch parameter {
                case "subject": self.entity(request.subject, subject)
                case "resource": self.entity(request.resource, resource)
                case "action":
                    [
                        "name": .string(request.action),
                        "properties": .object(request.actionProperties),
                    ]
                case "context": .object(request.context)
                default:
                    request.context[parameter] ?? Self.member("subject_", parameter, of: subject)
                        ?? Self.member("resource_", parameter, of: resource)
                        ?? Self.member("action_", parameter, of: request.actionProperties)
                }
        }
        return context
    }

    private static func member(_ prefix: String, _ parameter: String, of object: JSON.Object) -> JSON? {
        parameter.hasPrefix(prefix) ? object[String(parameter.dropFirst(prefix.count))] : nil
    }

    private func entity(_ entity: AccessEntity, _ properties: JSON.Object) -> JSON {
        [
            "type": .string(entity.type), "id": .string(entity.id), "properties": .object(properties),
        ]
    }

    /// What the graph knows of an entity, and what the request says.
    private func properties(_ entity: AccessEntity) -> JSON.Object {
        var properties = JSON.Object()
        if let type = self.bound.typePlaces[entity.type],
            let node = self.bound.node(type, entity.id, in: self.graph)
        {
            for property in self.graph.properties(of: node) {
                properties[self.graph.tokens.name(property.key)] = JSON(stored: property.value)
            }
        }
        for member in entity.properties { properties[member.name] = member.value }
        return properties
    }
}

extension AuthorizationModel {
    /// The relations of a type that are actions: those that say more than a list of types, and those named `can_...`; all when
    /// there are none of these.
    package func actions(of type: String) -> [String] {
        let relations = self.types[type]?.relations ?? []
        let actions = relations.filter { $0.rewrite != .direct || $0.name.hasPrefix("can_") }
        return (actions.isEmpty ? relations : actions).map(\.name)
    }
}

extension JSON {
    /// A property of the graph as conditions see it: times as texts.
    fileprivate init(stored value: PropertyGraph.Value) {
        switch value {
        case .null: self = .null
        case .boolean(let truth): self = .bool(truth)
        case .integer(let number): self = .int(number)
        case .float(let number): self = .double(number)
        case .string(let text): self = .string(text)
        case .list(let elements): self = .array(elements.map(JSON.init(stored:)))
        case .dateTime(let moment):
            self = .string(
                CELTimestamp(seconds: moment.seconds, nanosecond: moment.nanosecond)?.description
                    ?? moment.description)
        case .date(let date): self = .string(date.description)
        case .localDateTime(let moment): self = .string(moment.description)
        default: self = .string("\(value)")
        }
    }
}
