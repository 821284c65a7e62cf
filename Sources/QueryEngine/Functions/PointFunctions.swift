internal import Cypher
internal import Foundation
internal import PropertyGraph

/// Functions of places.
enum PointFunctions {
    static var all: [(String, ClosedRange<Int>, ScalarFunction)] {
        [
            unary("point") { _, value in
                switch value {
                case .point: return value
                case .map(let map): return try self.point(map)
                default: throw wrongArgument("point", value, "a map")
                }
            },
            strict("point.withinBBox", 3...3) { _, a in
                guard case .point(let point) = a[0], case .point(let low) = a[1], case .point(let high) = a[2]
                else { throw wrongArgument("point.withinBBox", a[0], "three points") }
                guard point.system == low.system, point.system == high.system else { return .null }
                return .boolean(self.isInside(point, low, high))
            },
            strict("point.distance", 2...2) { _, a in
                guard case .point(let from) = a[0], case .point(let to) = a[1] else {
                    throw wrongArgument("point.distance", a[0], "two points")
                }
                guard from.system == to.system else { return .null }
                if from.system == .wgs84 || from.system == .wgs84With3D {
                    return .float(self.greatCircle(from, to))
                }
                let (dx, dy, dz) = (from.x - to.x, from.y - to.y, (from.z ?? 0) - (to.z ?? 0))
                return .float((dx * dx + dy * dy + dz * dz).squareRoot())
            },
        ]
    }

    /// A point from its coordinates; null when one of them is.
    private static func point(_ map: [String: Value]) throws -> Value {
        let keys = ["x", "y", "z", "longitude", "latitude", "height"]
        if keys.contains(where: { map[$0]?.isNull == true }) { return .null }
        let (x, y) = (try self.number(map, "x", "longitude"), try self.number(map, "y", "latitude"))
        guard let x, let y else {
            throw CypherError(
                .argument, "InvalidArgumentValue", "point() needs x and y, or longitude and latitude")
        }
        let z = try self.number(map, "z", "height")
        let system = try self.system(map, hasHeight: z != nil)
        let isGeographic = system == .wgs84 || system == .wgs84With3D
        guard !isGeographic || abs(y) <= 90 else {
            throw CypherError(
                .argument, "InvalidArgumentValue", "a latitude lies from -90 to 90 degrees, not at \(y)")
        }
        // Longitudes go round.
        let turned = isGeographic && abs(x) > 180 ? remainder(x, 360) : x
        guard let point = Point(system: system, x: turned, y: y, z: z) else {
            throw CypherError(
                .argument, "InvalidArgumentValue",
                "\(system.name) takes \(z == nil ? "three" : "two") coordinates")
        }
        return .point(point)
    }

    private static func number(_ map: [String: Value], _ keys: String...) throws -> Double? {
        for key in keys {
            switch map[key] {
            case .integer(let number)?: return Double(number)
            case .float(let number)? where number.isFinite: return number
            case nil: continue
            case let other?: throw wrongArgument("point", other, "finite numbers")
            }
        }
        return nil
    }

    private static func system(_ map: [String: Value], hasHeight: Bool) throws -> Point.System {
        if let name = map["crs"]?.string?.lowercased() {
            let all: [Point.System] = [.cartesian, .cartesian3D, .wgs84, .wgs84With3D]
            if let system = all.first(where: { $0.name == name }) { return system }
            throw CypherError(
                .argument, "InvalidArgumentValue", "`\(name.prefix(40))` is no coordinate system",
                hint: "one of \(all.map(\.name).joined(separator: ", "))")
        }
        if let number = map["srid"]?.integer {
            if let system = Point.System(rawValue: number) { return system }
            throw CypherError(.argument, "InvalidArgumentValue", "\(number) is no coordinate system")
        }
        let isGeographic = map["longitude"] != nil || map["latitude"] != nil
        if isGeographic { return hasHeight ? .wgs84With3D : .wgs84 }
        return hasHeight ? .cartesian3D : .cartesian
    }

    /// A box of longitudes may go over the meridian of 180 degrees.
    private static func isInside(_ point: Point, _ low: Point, _ high: Point) -> Bool {
        let isGeographic = point.system == .wgs84 || point.system == .wgs84With3D
        let isAcross = isGeographic && low.x > high.x
        let fitsX = isAcross ? point.x >= low.x || point.x <= high.x : point.x >= low.x && point.x <= high.x
        guard fitsX, point.y >= low.y, point.y <= high.y else { return false }
        guard let z = point.z, let lowest = low.z, let highest = high.z else { return true }
        return z >= lowest && z <= highest
    }

    /// Metres along a sphere of 6,378,140 m, by the haversine formula.
    private static func greatCircle(_ from: Point, _ to: Point) -> Double {
        let radians = Double.pi / 180
        let (dLatitude, dLongitude) = ((to.y - from.y) * radians, (to.x - from.x) * radians)
        let a =
            pow(sin(dLatitude / 2), 2) + cos(from.y * radians) * cos(to.y * radians)
            * pow(sin(dLongitude / 2), 2)
        return 2 * 6_378_140 * asin(min(1, a.squareRoot()))
    }
}
