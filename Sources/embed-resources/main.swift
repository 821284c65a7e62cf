import Foundation

// usage: embed-resources ROOT OUTPUT FILE...
// Writes a Swift source that holds the files as text, by their path below ROOT.
let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 2 else {
    FileHandle.standardError.write(Data("usage: embed-resources ROOT OUTPUT FILE...\n".utf8))
    exit(2)
}
let root = URL(fileURLWithPath: arguments[0]).standardizedFileURL.path + "/"
var source = "let embeddedResources: [String: String] = [\n"
for path in arguments.dropFirst(2) {
    let file = URL(fileURLWithPath: path).standardizedFileURL
    guard let text = try? String(contentsOf: file, encoding: .utf8) else {
        FileHandle.standardError.write(Data("\(path) cannot be read as UTF-8 text\n".utf8))
        exit(1)
    }
    // A JSON string is a Swift string literal but for `\/` and `\uXXXX`, which are spelled out here.
    var literal = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\\": literal += "\\\\"
        case "\"": literal += "\\\""
        case "\n": literal += "\\n"
        default:
            literal += scalar.value < 32 ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }
    }
    source += "    \"\(file.path.replacingOccurrences(of: root, with: ""))\": \"\(literal)\",\n"
}
source += arguments.count > 2 ? "]\n" : "    :\n]\n"
do {
    try source.write(toFile: arguments[1], atomically: true, encoding: .utf8)
} catch {
    FileHandle.standardError.write(Data("\(arguments[1]): \(error)\n".utf8))
    exit(1)
}
