import CStoreFloor

/// Count and average age of the nodes with `age > 30 AND city = X`, another city each round.
func measureScan(_ workshop: Workshop) throws {
    let generated = workshop.graph
    let graph = try workshop.snapshot().graph
    let people = (0..<generated.size.nodes).map(generated.person)
    let ages = people.map { Int64($0.age) }
    let cities = people.map { UInt32($0.city) }
    var (ours, floors, vectors, ratios, found) = ([Double](), [Double](), [Double](), [Double](), 0)
    for round in 0..<13 {
        let city = Int(generated.randomNodes(1, stream: UInt64(900 + round))[0]) % GeneratedGraph.cities
        let floor = Clock.time { () -> Averaged in
            var sum: Int64 = 0
            let count = floor_scan(ages, cities, ages.count, 30, UInt32(city), &sum)
            return Averaged(count: Int(count), sum: Int(sum))
        }
        let our = Clock.time { () -> Averaged in
            let (count, sum) = graph.scan(over: 30, city: Person.cityName(city))
            return Averaged(count: count, sum: sum)
        }
        let vector = Clock.time { () -> Averaged in
            var sum: Int64 = 0
            let count = floor_scan_vectors(ages, cities, ages.count, 30, UInt32(city), &sum)
            return Averaged(count: Int(count), sum: Int(sum))
        }
        try expectEqual(our.result, floor.result, "scan of city \(city)")
        try expectEqual(vector.result, floor.result, "vectorised scan of city \(city)")
        guard round >= 2 else { continue }
        ours.append(our.seconds)
        floors.append(floor.seconds)
        vectors.append(vector.seconds)
        ratios.append(our.seconds / floor.seconds)
        found += floor.result.count
    }
    let each = 1e9 / Double(ages.count)
    note(
        "\(ratios.count) rounds over \(ages.count) nodes, \(found / ratios.count) found; ns a row: C by branches "
            + "\((floors.median * each).short), C vectorised \((vectors.median * each).short), "
            + "ours \((ours.median * each).short)")
    figure("scan_ratio", ratios: ratios, .atMost(5))
}

/// What a scan answers: the average is computed from it, outside the loop.
private struct Averaged: Equatable {
    let count: Int
    let average: Double

    init(count: Int, sum: Int) {
        self.count = count
        self.average = count == 0 ? 0 : Double(sum) / Double(count)
    }
}
