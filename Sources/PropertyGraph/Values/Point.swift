/// A place.
package struct Point: Hashable, Sendable {
    /// A coordinate reference system, by its EPSG-like number as Neo4j gives it.
    package enum System: Int, Sendable {
        /// Plane.
        case cartesian = 7203
        /// Space.
        case cartesian3D = 9157
        /// Longitude and latitude in degrees.
        case wgs84 = 4326
        /// Longitude and latitude in degrees, height in metres.
        case wgs84With3D = 4979

        /// The name as `point.crs` gives it.
        package var name: String {
            switch self {
            case .cartesian: "cartesian"
            case .cartesian3D: "cartesian-3d"
            case .wgs84: "wgs-84"
            case .wgs84With3D: "wgs-84-3d"
            }
        }
    }

    /// What the coordinates mean.
    package let system: System
    /// First coordinate; longitude in a geographic system.
    package let x: Double
    /// Second coordinate; latitude in a geographic system.
    package let y: Double
    /// Third coordinate or height; nil in the plane.
    package let z: Double?

    /// A point of a system; nil when the third coordinate is there and should not be, or the reverse.
    package init?(system: System, x: Double, y: Double, z: Double? = nil) {
        guard (z != nil) == (system == .cartesian3D || system == .wgs84With3D) else { return nil }
        self.system = system
        self.x = x
        self.y = y
        self.z = z
    }
}
