import Foundation
import JSON
import Shell

/// What people see: rows as tables, messages on standard error.
enum Terminal {
    /// Whether standard error is a terminal that shows progress and colours.
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    /// Writes a line to standard error.
    static func complain(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }

    /// Writes a line to standard output at once, for those who wait for it in a pipe.
    static func say(_ text: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    }

    /// Prints rows.
    static func printRows(_ columns: [String], _ rows: [[JSON]], as format: RowFormat) {
        print(format.text(columns, rows, width: TerminalSize.knownColumns()))
    }
}
