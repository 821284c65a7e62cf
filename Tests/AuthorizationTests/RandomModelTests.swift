import Authorization
import JSON
import PropertyGraph
import TestSupport
import Testing

/// Random models over random tuples: checks and lists against sets that are computed the slow way, relation by relation until
/// nothing grows.
struct RandomModelTests {
    private struct World {
        let model: AuthorizationModel
        var tuples: Set<Tuple> = []
        static let types = ["team", "folder", "doc"]
        static let ids = ["a", "b", "c"]
        static let users = ["u0", "u1", "u2"]

        init(_ generator: inout SplitMix) throws {
            self.model = try AuthorizationModel.parse(Self.source(&generator))
            for _ in 0..<Int.random(in: 4...30, using: &generator) {
                let type = Self.types.randomElement(using: &generator) ?? "doc"
                guard let relation = self.model.types[type]?.relations.randomElement(using: &generator),
                    let restriction = relation.restrictions.randomElement(using: &generator)
                else { continue }
                let ids = restriction.type == "user" ? Self.users : Self.ids
                let id = ids.randomElement(using: &generator) ?? "a"
                let subject =
                    switch restriction.kind {
                    case .object: EntityReference(type: restriction.type, id: id)
                    case .wildcard: EntityReference(type: restriction.type, id: "*")
                    case .userset(let name):
                        EntityReference(type: restriction.type, id: id, relation: name)
                    }
                self.tuples.insert(
                    Tuple(
                        subject: subject, relation: relation.name,
                        object: EntityReference(
                            type: type, id: Self.ids.randomElement(using: &generator) ?? "a"),
                        condition: restriction.condition.map {
                            .init(name: $0, context: ["x": .int(Int.random(in: 0...9, using: &generator))])
                        }))
            }
            // A fact is there once: the same with two conditions would be two.
            var seen: Set<Tuple> = []
            self.tuples = self.tuples.filter { seen.insert($0.key).inserted }
        }

        private static func source(_ generator: inout SplitMix) -> String {
            var lines = ["model", "  schema 1.1", "type user"]
            for type in Self.types {
                lines += ["type \(type)", "  relations", "    define parent: [folder, doc]"]
                lines.append("    define banned: [user, user:*]")
                for relation in ["r0", "r1", "r2"] {
                    lines.append("    define \(relation): \(Self.rewrite(relation, &generator))")
                }
            }
            return (lines + ["condition small(x: int) { x < 5 }"]).joined(separator: "\n")
        }

        private static func restrictions(_ generator: inout SplitMix) -> String {
            var list = ["user"]
            let more = [
                "user:*", "team#r0", "team#r1", "folder#r2", "doc#r0", "user with small",
                "team#r2 with small",
            ]
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                if let one = more.randomElement(using: &generator), !list.contains(one) { list.append(one) }
            }
            return "[\(list.joined(separator: ", "))]"
        }

        /// Only earlier relations are named on the same object, so that no relation is defined by itself.
        private static func operand(_ relation: String, _ generator: inout SplitMix) -> String {
            let before = ["r0", "r1", "r2"].prefix { $0 != relation }
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: return before.randomElement(using: &generator) ?? "banned"
            case 1:
                return ["r0", "r1", "r2"].randomElement(using: &generator).map { "\($0) from parent" } ?? "r0"
            default: return Self.restrictions(&generator)
            }
        }

        private static func rewrite(_ relation: String, _ generator: inout SplitMix) -> String {
            let first = Self.restrictions(&generator)
            let second = Self.operand(relation, &generator)
            // One list a relation: lists of all parts are one.
            let other = second.hasPrefix("[") ? "banned" : second
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: return first
            case 1: return "\(first) and \(other)"
            case 2: return "\(first) but not banned"
            case 3: return "(\(first) or \(other)) but not banned"
            default: return "\(first) or \(other)"
            }
        }

        // MARK: The slow way

        private struct Fact: Hashable {
            let object: EntityReference
            let relation: String
            let user: String
        }

        /// All facts about single users; `other` is one who is named nowhere.
        func facts() -> Set<String> {
            var facts: Set<Fact> = []
            var isGrowing = true
            while isGrowing {
                isGrowing = false
                for type in Self.types {
                    for relation in self.model.types[type]?.relations ?? [] {
                        for id in Self.ids {
                            let object = EntityReference(type: type, id: id)
                            for user in Self.users + ["other"] {
                                let fact = Fact(object: object, relation: relation.name, user: user)
                                guard !facts.contains(fact),
                                    self.holds(relation.rewrite, relation, object, user, facts)
                                else { continue }
                                facts.insert(fact)
                                isGrowing = true
                            }
                        }
                    }
                }
            }
            return Set(facts.map { "user:\($0.user) \($0.relation) \($0.object)" })
        }

        private func holds(
            _ rewrite: AuthorizationModel.Rewrite, _ relation: AuthorizationModel.Relation,
            _ object: EntityReference, _ user: String, _ facts: Set<Fact>
        ) -> Bool {
            switch rewrite {
            case .direct:
                self.counted(relation.name, object).contains { tuple in
                    if let name = tuple.subject.relation {
                        let userset = EntityReference(type: tuple.subject.type, id: tuple.subject.id)
                        return facts.contains(Fact(object: userset, relation: name, user: user))
                    }
                    return tuple.subject.type == "user"
                        && (tuple.subject.id == user || tuple.subject.id == "*")
                }
            case .computed(let name): facts.contains(Fact(object: object, relation: name, user: user))
            case .from(let tupleset, let name):
                self.counted(tupleset, object).contains {
                    facts.contains(Fact(object: $0.subject, relation: name, user: user))
                }
            case .union(let parts): parts.contains { self.holds($0, relation, object, user, facts) }
            case .intersection(let parts): parts.allSatisfy { self.holds($0, relation, object, user, facts) }
            case .exclusion(let base, _):
                // Only `banned` excludes here, and it rests on tuples alone.
                self.holds(base, relation, object, user, facts)
                    && !self.counted("banned", object).contains {
                        $0.subject.id == user || $0.subject.id == "*"
                    }
            }
        }

        private func counted(_ relation: String, _ object: EntityReference) -> [Tuple] {
            self.tuples.filter {
                $0.relation == relation && $0.object == object
                    && ($0.condition?.context["x"]?.int ?? 0) < 5
            }
        }
    }

    /// Worlds in which nothing is allowed would say nothing.
    @Test func theWorldsAreNotEmpty() throws {
        var count = 0
        for seed in 0..<20 {
            var generator = SplitMix(seed: UInt64(seed))
            count += try World(&generator).facts().count
        }
        #expect(count > 200)
    }

    @Test(arguments: 0..<150)
    func checksAndListsAgreeWithTheSlowWay(seed: UInt64) throws {
        var generator = SplitMix(seed: seed)
        let world = try World(&generator)
        let view = try Authorizer(model: world.model).view(of: GraphSnapshot()).adding(
            Array(world.tuples))
        let facts = world.facts()
        let options = CheckOptions(at: ZonedDateTime(seconds: 0))
        for type in World.types {
            for relation in ["r0", "r1", "r2"] {
                for user in World.users + ["other"] {
                    let subject = EntityReference(type: "user", id: user)
                    var expected: [String] = []
                    for id in World.ids {
                        let object = EntityReference(type: type, id: id)
                        let question = "user:\(user) \(relation) \(object)"
                        let answer = try view.check(subject, relation, object, options)
                        #expect(answer == facts.contains(question), "seed \(seed): \(question)")
                        if answer { expected.append(object.description) }
                        let explanation = try view.explain(subject, relation, object, options)
                        #expect(explanation.isAllowed == answer, "seed \(seed): explain \(question)")
                        #expect(!answer || !explanation.path.isEmpty, "seed \(seed): path of \(question)")
                    }
                    let listed = try view.objects(of: type, subject, relation, options).map(\.description)
                    #expect(
                        listed.sorted() == expected,
                        "seed \(seed): objects of user:\(user) \(relation) \(type)")
                }
                for id in World.ids {
                    let object = EntityReference(type: type, id: id)
                    let listed = try view.subjects(of: "user", relation, object, options).map(\.id)
                    for user in World.users + ["other"] {
                        let isAllowed = facts.contains("user:\(user) \(relation) \(object)")
                        // All of a type stands for those whom nothing excludes.
                        let isListed = listed.contains(user) || listed.contains("*") && isAllowed
                        #expect(
                            isListed == isAllowed, "seed \(seed): users of \(relation) \(object): \(user)")
                    }
                }
            }
        }
    }
}
