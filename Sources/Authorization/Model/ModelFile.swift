internal import JSON
internal import YAML

extension AuthorizationModel {
    /// Reads a model from a file: OpenFGA's language, its JSON (`.json`), or a model of modules (`fga.mod`).
    /// - Parameters:
    ///   - path: the file.
    ///   - read: gives the text of a file, also of those that the file names.
    /// - Returns: the model.
    /// - Throws: ``ModelError``, or what `read` throws.
    package static func load(
        _ path: String, read: (String) throws -> String
    ) throws -> AuthorizationModel {
        let text = try read(path)
        if path.hasSuffix(".mod") { return try self.compose(Self.modules(text, path, read)) }
        if path.hasSuffix(".json") {
            do {
                return try AuthorizationModel(json: JSON.parse(text))
            } catch let error as JSONError {
                throw ModelError(
                    message: error.message, file: path, line: error.line, column: error.column,
                    sourceLine: "")
            }
        }
        return try self.parse(text, file: path)
    }

    private static func modules(
        _ text: String, _ path: String, _ read: (String) throws -> String
    ) throws -> [(file: String, source: String)] {
        let manifest: JSON
        do {
            manifest = try YAML.parse(text)
        } catch {
            throw ModelError(
                message: error.message, file: path, line: error.line, column: error.column)
        }
        guard manifest["schema"]?.string == "1.2" || manifest["schema"]?.double == 1.2 else {
            throw ModelError(message: "`schema` of a model of modules is '1.2'", file: path)
        }
        guard let contents = manifest["contents"]?.array, !contents.isEmpty else {
            throw ModelError(message: "`contents` lists the files of the modules", file: path)
        }
        return try contents.map { entry in
            guard let file = entry.string, file.hasSuffix(".fga"), !file.hasPrefix("/"),
                !file.split(separator: "/").contains("..")
            else {
                throw ModelError(
                    message: "`contents` names files that end in .fga, in the folder or below it", file: path)
            }
            return (file, try read(path.sibling(file)))
        }
    }
}

extension String {
    /// The path of a file that this file names.
    package func sibling(_ file: String) -> String {
        guard !file.hasPrefix("/"), let slash = self.lastIndex(of: "/") else { return file }
        return String(self[...slash]) + file
    }
}
