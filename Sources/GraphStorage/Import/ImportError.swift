/// Why a file cannot be imported, and where.
package struct ImportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file.
    package let file: String
    /// The line, from 1; 0 when it is the file as a whole.
    package let line: Int
    /// The column of a table, by its header, if it is one value that is wrong.
    package let column: String?
    /// What is wrong.
    package let message: String

    /// Joins the parts.
    package init(file: String, line: Int = 0, column: String? = nil, _ message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    /// `users.csv, line 3, column age:int: "x" is not a whole number`
    package var description: String {
        self.file + (self.line > 0 ? ", line \(self.line)" : "")
            + (self.column.map { ", column \($0)" } ?? "") + ": \(self.message)"
    }
}
