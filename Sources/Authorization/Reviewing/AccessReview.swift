package import JSON

/// Who may do what to an object, or what a subject may do, with the reason for each.
package struct AccessReview: Sendable {
    /// One permission.
    package struct Row: Hashable, Sendable {
        /// Who.
        package let subject: EntityReference
        /// May do what.
        package let relation: String
        /// On what.
        package let object: EntityReference
        /// The last tuple on the way that grants it, parents left out: what one would take away.
        package let reason: String
        /// The whole way.
        package let path: [Explanation.Step]
    }

    /// The permissions, those of one relation and reason together.
    package let rows: [Row]
    /// Whether there are more than were asked for.
    package let isCut: Bool
    /// What could not be said, such as a condition whose parameters are missing.
    package let notes: [String]
}

extension AuthorizationView {
    /// Who may do anything to an object. Subjects are single ones and all of a type.
    /// - Throws: ``AuthorizationError`` for names that the model does not have.
    package func review(
        object: EntityReference, relations: [String]? = nil, _ options: CheckOptions, limit: Int
    ) throws(AuthorizationError) -> AccessReview {
        let type = try self.type(object.type)
        var builder = ReviewBuilder(view: self, options: options, limit: limit)
        for relation in relations ?? self.model.actions(of: object.type) {
            _ = try self.relation(relation, of: type)
            for subjectType in self.subjectTypes {
                builder.list { view throws(AuthorizationError) in
                    try view.subjects(of: subjectType, relation, object, options).map {
                        ($0, relation, object)
                    }
                }
            }
        }
        return builder.review
    }

    /// What a subject may do on anything.
    /// - Throws: ``AuthorizationError`` for names that the model does not have.
    package func review(
        subject: EntityReference, relations: [String]? = nil, _ options: CheckOptions, limit: Int
    ) throws(AuthorizationError) -> AccessReview {
        _ = try self.type(subject.type)
        var builder = ReviewBuilder(view: self, options: options, limit: limit)
        for type in self.model.typeNames {
            let actions = self.model.actions(of: type).filter { relations?.contains($0) ?? true }
            for relation in actions {
                builder.list { view throws(AuthorizationError) in
                    try view.objects(of: type, subject, relation, options).map { (subject, relation, $0) }
                }
            }
        }
        return builder.review
    }

    /// Types that are granted something as single subjects or as all of the type.
    private var subjectTypes: [String] {
        let granted = Set(
            self.model.types.values.flatMap(\.relations).flatMap(\.restrictions).filter {
                $0.kind == .object || $0.kind == .wildcard
            }.map(\.type))
        // Types that only stand between, such as folders, have relations of their own and none that is granted.
        return self.model.typeNames.filter { granted.contains($0) && self.model.isActor($0) }
    }
}

extension AuthorizationModel {
    /// Whether a type can have what it is not only a parent of: it is named by relations that no `from` goes through.
    fileprivate func isActor(_ name: String) -> Bool {
        self.types.values.contains { type in
            let tuplesets = type.relations.reduce(into: Set<String>()) { $1.rewrite.addTuplesets(to: &$0) }
            return type.relations.contains { relation in
                !tuplesets.contains(relation.name)
                    && relation.restrictions.contains {
                        $0.type == name && ($0.kind == .object || $0.kind == .wildcard)
                    }
            }
        }
    }
}

extension AuthorizationModel.Rewrite {
    fileprivate func addTuplesets(to names: inout Set<String>) {
        switch self {
        case .direct, .computed: break
        case .from(let tupleset, _): names.insert(tupleset)
        case .union(let parts), .intersection(let parts): for part in parts { part.addTuplesets(to: &names) }
        case .exclusion(let base, let minus):
            base.addTuplesets(to: &names)
            minus.addTuplesets(to: &names)
        }
    }
}

/// Gathers permissions and their reasons.
private struct ReviewBuilder {
    let view: AuthorizationView
    let options: CheckOptions
    let limit: Int
    private var rows: [AccessReview.Row] = []
    private var isCut = false
    private var notes: [String] = []

    init(view: AuthorizationView, options: CheckOptions, limit: Int) {
        self.view = view
        self.options = options
        self.limit = limit
    }

    typealias Permission = (subject: EntityReference, relation: String, object: EntityReference)

    mutating func list(_ find: (AuthorizationView) throws(AuthorizationError) -> [Permission]) {
        do throws(AuthorizationError) {
            for permission in try find(self.view) {
                guard self.rows.count < self.limit else {
                    self.isCut = true
                    return
                }
                self.rows.append(try self.row(permission))
            }
        } catch {
            if !self.notes.contains(error.description) { self.notes.append(error.description) }
        }
    }

    private func row(_ permission: Permission) throws(AuthorizationError) -> AccessReview.Row {
        let explanation = try self.view.explain(
            permission.subject, permission.relation, permission.object, self.options)
        let last = Self.grants(explanation.path).last
        return AccessReview.Row(
            subject: permission.subject, relation: permission.relation, object: permission.object,
            reason: last.map { "\($0.subject) --\($0.relation)--> \($0.object)" } ?? "",
            path: explanation.path)
    }

    /// The tuples that grant something, without those that only lead to a parent.
    private static func grants(_ path: [Explanation.Step]) -> [Explanation.TupleStep] {
        path.indices.compactMap { index in
            guard case .tuple(let tuple) = path[index] else { return nil }
            if index + 1 < path.count, case .rule(_, _, let because) = path[index + 1],
                because.hasSuffix(" from \(tuple.relation)")
            {
                return nil
            }
            return tuple
        }
    }

    var review: AccessReview {
        let sorted = self.rows.enumerated().sorted {
            ($0.element.object.type, $0.element.relation, $0.element.reason, $0.offset)
                < ($1.element.object.type, $1.element.relation, $1.element.reason, $1.offset)
        }
        return AccessReview(rows: sorted.map(\.element), isCut: self.isCut, notes: self.notes)
    }
}

extension AccessReview {
    /// For programs, with the ways.
    package var json: JSON {
        [
            "rows": .array(
                self.rows.map { row in
                    [
                        "subject": .string(row.subject.description), "relation": .string(row.relation),
                        "object": .string(row.object.description), "reason": .string(row.reason),
                        "path": .array(row.path.map(\.json)),
                    ]
                }),
            "is_cut": .bool(self.isCut), "notes": .array(self.notes.map(JSON.string)),
        ]
    }
}
