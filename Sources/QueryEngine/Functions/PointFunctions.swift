internal import Cypher
internal import Foundation
internal import PropertyGraph

/// Functions of places.
enum PointFunctions {
    static var all: [(String, ClosedRange<Int>, ScalarFunction)] {
        [
            unary("point") { _, value in
                guard case .map(let map) = value else { throw wrongArgument("point", value, "a map") }
                func number(_ keys: String...) -> Double? {
                    for key in keys {
                        switch map[key] {
                        case .integer(let number)?: return Double(number)
                        case .float(let number)?: return number
                        default: continue
                        }
                    }
                    return nil
                }
                let isGeographic =
                    map["longitude"] != nil || map["latitude"] != nil
                    || map["crs"]?.string?.hasPrefix("wgs") == true
                guard let x = number("x", "longitude"), let y = number("y", "latitude") else {
                    throw CypherError(
                        .argument, "InvalidArgumentValue", "point() needs x and y, or longitude and latitude")
                }
                let z = number("z", "height")
                let system: Point.System =
                    isGeographic ? (z == nil ? .wgs84 : .wgs84With3D) : (z == nil ? .cartesian : .cartesian3D)
                return Point(system: system, x: x, y: y, z: z).map(Value.point) ?? .null
            },
            strict("point.distance", 2...2) { _, a in
                guard case .point(let from) = a[0], case .point(let to) = a[1], from.system == to.system
                else {
                    return .null
                }
                if from.system == .wgs84 || from.system == .wgs84With3D {
                    return .float(self.greatCircle(from, to))
                }
                let (dx, dy, dz) = (from.x - to.x, from.y - to.y, (from.z ?? 0) - (to.z ?? 0))
                return .float((dx * dx + dy * dy + dz * dz).squareRoot())
            },
        ]
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
