package import JSON
package import PropertyGraph

// How stores and files write property values: plain JSON where JSON has the type, otherwise an object
// with one member whose name starts with `$`. Maps are never properties, so the two cannot be confused.

extension Value {
    /// The value as stored, or nil for nodes, relationships, paths and maps, which are never stored.
    package var storedJSON: JSON? {
        switch self {
        case .null: .null
        case .boolean(let truth): .bool(truth)
        case .integer(let number): .int(number)
        case .float(let number):
            // One text for all that is no number: nothing tells them apart.
            number.isFinite
                ? .double(number) : ["$float": .string(number.isNaN ? "nan" : "\(number)")]
        case .string(let text): .string(text)
        case .list(let elements): .array(elements.compactMap(\.storedJSON))
        case .date(let date): ["$date": .string(date.description)]
        case .localTime(let time): ["$localtime": .string(time.description)]
        case .time(let time): ["$time": .string(time.description)]
        case .localDateTime(let moment): ["$localdatetime": .string(moment.description)]
        case .dateTime(let moment): ["$datetime": .string(moment.description)]
        case .duration(let amount): ["$duration": .string(amount.description)]
        case .point(let point):
            ["$point": .array([.int(point.system.rawValue)] + point.coordinates.map(Self.number))]
        case .map, .node, .relationship, .path: nil
        }
    }

    /// Reads what ``storedJSON`` wrote; nil when it is something else.
    package init?(storedJSON json: JSON) {
        switch json {
        case .null: self = .null
        case .bool(let truth): self = .boolean(truth)
        case .int(let number): self = .integer(number)
        case .double(let number): self = .float(number)
        case .string(let text): self = .string(text)
        case .array(let elements):
            var values: [Value] = []
            values.reserveCapacity(elements.count)
            for element in elements {
                guard let value = Value(storedJSON: element) else { return nil }
                values.append(value)
            }
            self = .list(values)
        case .object(let object):
            guard object.members.count == 1, let member = object.members.first,
                let value = Self.tagged(member.name, member.value)
            else { return nil }
            self = value
        }
    }

    private static func tagged(_ tag: String, _ json: JSON) -> Value? {
        if tag == "$point" { return Self.point(json) }
        guard let text = json.string else { return nil }
        switch tag {
        case "$float": return Double(text).map(Value.float)
        case "$date": return CalendarDate(iso: text).map(Value.date)
        case "$localtime": return LocalTime(iso: text).map(Value.localTime)
        case "$time": return ZonedTime(iso: text).map(Value.time)
        case "$localdatetime": return LocalDateTime(iso: text).map(Value.localDateTime)
        case "$datetime": return ZonedDateTime(iso: text).map(Value.dateTime)
        case "$duration": return TemporalDuration(iso: text).map(Value.duration)
        default: return nil
        }
    }

    private static func point(_ json: JSON) -> Value? {
        guard let parts = json.array, parts.count >= 3, let number = parts[0].int,
            let system = Point.System(rawValue: number), let x = Self.number(parts[1]),
            let y = Self.number(parts[2])
        else { return nil }
        let z = parts.count > 3 ? Self.number(parts[3]) : nil
        return Point(system: system, x: x, y: y, z: z).map(Value.point)
    }

    /// A coordinate; as a text when JSON has no number for it.
    private static func number(_ number: Double) -> JSON {
        number.isFinite ? .double(number) : .string(number.isNaN ? "nan" : "\(number)")
    }

    private static func number(_ json: JSON) -> Double? { json.double ?? json.string.flatMap(Double.init) }
}

extension Point {
    /// Two or three numbers.
    package var coordinates: [Double] { [self.x, self.y] + (self.z.map { [$0] } ?? []) }
}

extension NamedProperty {
    /// Properties as a JSON object in the stored form.
    package static func storedJSON(_ properties: [NamedProperty]) -> JSON {
        var object = JSON.Object()
        for property in properties { object.append(property.key, property.value.storedJSON ?? .null) }
        return .object(object)
    }

    /// Reads properties that ``storedJSON(_:)`` wrote; nil when they are something else.
    package static func list(storedJSON json: JSON) -> [NamedProperty]? {
        guard let object = json.object else { return nil }
        var properties: [NamedProperty] = []
        properties.reserveCapacity(object.members.count)
        for member in object.members {
            guard let value = Value(storedJSON: member.value) else { return nil }
            properties.append(NamedProperty(key: member.name, value: value))
        }
        return properties
    }
}
