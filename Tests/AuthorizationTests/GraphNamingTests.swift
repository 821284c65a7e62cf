import Authorization
import Testing

struct GraphNamingTests {
    @Test(arguments: [
        ("user", "User"), ("function_version", "FunctionVersion"), ("userX", "userX"), ("user_x", "UserX"),
        ("UserX", "_UserX"), ("_user", "__user"), ("a1_b", "A1B"), ("a_1", "a_1"), ("a__b", "a__b"),
        ("directs-user", "directs-user"), ("authorization_model", "_authorization_model"), ("é", "é"),
    ])
    func typesAreLabels(type: String, label: String) { #expect(GraphNaming.label(type) == label) }

    @Test(arguments: [
        ("viewer", "VIEWER"), ("can_run", "CAN_RUN"), ("Viewer", "_Viewer"), ("canRun", "canRun"),
        ("VIEWER", "_VIEWER"), ("_viewer", "__viewer"), ("r2_d2", "R2_D2"), ("a-b", "a-b"),
    ])
    func relationsAreRelationshipTypes(relation: String, type: String) {
        #expect(GraphNaming.relationshipType(relation) == type)
    }

    @Test func noTwoNamesAreOne() {
        let letters = ["a", "b", "A", "B", "_", "1", "-"]
        var names = [""]
        for _ in 0..<5 { names += names.flatMap { name in letters.map { name + $0 } } }
        let all = Set(names).subtracting([""])
        #expect(Set(all.map(GraphNaming.label)).count == all.count)
        #expect(Set(all.map(GraphNaming.relationshipType)).count == all.count)
    }
}
