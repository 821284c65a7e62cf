/// Why bytes are no PackStream, or none that this server takes.
package enum PackStreamError: Error, Hashable, Sendable {
    /// The bytes end within a value.
    case cutOff
    /// No value begins with this byte.
    case unknownMarker(UInt8)
    /// A text is not UTF-8.
    case invalidText
    /// A name in a map is not a text, or comes twice.
    case invalidMapKey
    /// Values lie deeper in each other than ``PackStreamReader/depthLimit``.
    case tooDeep
    /// A structure that no parameter may hold, or whose fields do not fit.
    case invalidStructure(tag: UInt8)
    /// Graph elements and bytes are results only: no property and no expression holds them.
    case unsupportedParameter(String)
}

extension PackStreamError: CustomStringConvertible {
    /// What is wrong, for whoever wrote the client.
    package var description: String {
        switch self {
        case .cutOff: "the message ends within a value"
        case .unknownMarker(let marker): "no value begins with byte \(marker)"
        case .invalidText: "a text is not valid UTF-8"
        case .invalidMapKey: "the names of a map must be texts, each only once"
        case .tooDeep: "values are nested deeper than \(PackStreamReader.depthLimit) levels"
        case .invalidStructure(let tag): "the fields of structure \(tag) are not as the protocol has them"
        case .unsupportedParameter(let type): "a parameter cannot be a value of type \(type)"
        }
    }
}
