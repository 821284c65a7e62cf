internal import CLibEdit
internal import Foundation

/// What a person typed.
package enum TypedLine: Hashable, Sendable {
    /// A line, without its end.
    case line(String)
    /// Ctrl-C: what was typed is given up.
    case interrupted
    /// Ctrl-D on an empty line.
    case end
}

/// Lines from a terminal: editing, history, completion, by libedit. One in a process, since a process has one terminal.
///
/// `@unchecked Sendable`: libedit's state and what its functions read are touched by ``read(prompt:completing:)`` and
/// ``remember(_:)``, which the shell's one loop calls one after the other.
package final class LineEditor: @unchecked Sendable {
    /// What completes the text before the cursor.
    package typealias Completer = @Sendable (String) -> Completion

    /// How many statements the history keeps.
    package static let historySize: Int32 = 2000

    private let editor: OpaquePointer
    private let history: OpaquePointer?
    private let historyFile: String?
    /// The terminal as it was.
    private let mode: termios?
    private var prompt: UnsafeMutablePointer<CChar>?
    private var completer: Completer = { _ in Completion(prefix: "", candidates: []) }
    private var wasInterrupted = false

    /// An editor of standard input and output; nil when they are no terminal that can be edited on.
    /// `historyFile`: what was typed in earlier sessions; nil keeps none.
    package init?(historyFile: String?) {
        Self.chooseUTF8()
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, let editor = plexus_edit_begin() else {
            return nil
        }
        self.editor = editor
        self.history = history_init()
        self.historyFile = historyFile
        var mode = termios()
        self.mode = tcgetattr(STDIN_FILENO, &mode) == 0 ? mode : nil
        plexus_edit_context(editor, Unmanaged.passUnretained(self).toOpaque())
        plexus_edit_prompt(editor) { LineEditor.of($0)?.prompt }
        plexus_edit_keys(
            editor, { line, _ in LineEditor.of(line)?.complete() ?? UInt8(CC_NORM) },
            { line, _ in LineEditor.of(line)?.interrupt() ?? UInt8(CC_NORM) })
        if let history = self.history {
            plexus_edit_history(editor, history, Self.historySize)
            if let historyFile { plexus_history_load(history, historyFile) }
        }
    }

    /// Keys are neither shown nor held back until a line ends, also while nobody reads: what is typed or pasted ahead is
    /// shown once, by the editor. `signals`: whether Ctrl-C is a signal.
    private func takeTerminal(signals: Bool) {
        guard var mode = self.mode else { return }
        mode.c_lflag &= ~tcflag_t(ICANON | ECHO)
        if !signals { mode.c_lflag &= ~tcflag_t(ISIG) }
        tcsetattr(STDIN_FILENO, TCSADRAIN, &mode)
    }

    deinit {
        if var mode = self.mode { tcsetattr(STDIN_FILENO, TCSADRAIN, &mode) }
        if let history = self.history { history_end(history) }
        el_end(self.editor)
        free(self.prompt)
    }

    /// Texts are UTF-8 whatever the locale says; a plain `C` locale would garble them. The locale is the whole
    /// process's, so it is chosen once: a table that is being measured meanwhile keeps its widths.
    static func chooseUTF8() { Self.utf8 }

    private static let utf8: Void = {
        setlocale(LC_CTYPE, "")
        if String(cString: nl_langinfo(Int32(CODESET))) != "UTF-8" { setlocale(LC_CTYPE, "C.UTF-8") }
    }()

    private static func of(_ line: OpaquePointer?) -> LineEditor? {
        guard let line, let context = plexus_edit_get_context(line) else { return nil }
        return Unmanaged<LineEditor>.fromOpaque(context).takeUnretainedValue()
    }

    /// Waits for a line, on a thread of its own.
    package func read(prompt: String, completing completer: @escaping Completer) async -> TypedLine {
        await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: self.readNow(prompt, completer)) }
            thread.name = "plexus-terminal"
            thread.start()
        }
    }

    private func readNow(_ prompt: String, _ completer: @escaping Completer) -> TypedLine {
        free(self.prompt)
        self.prompt = strdup(prompt)
        self.completer = completer
        self.wasInterrupted = false
        el_resize(self.editor)
        // libedit shows the prompt before it takes the terminal: a key pressed in between would be the kernel's.
        self.takeTerminal(signals: false)
        defer { self.takeTerminal(signals: true) }
        var count: Int32 = 0
        let text = el_gets(self.editor, &count)
        if self.wasInterrupted {
            print()
            el_reset(self.editor)
            return .interrupted
        }
        guard let text, count > 0 else { return .end }
        var line = String(cString: text)
        if line.hasSuffix("\n") { line.removeLast() }
        return .line(line)
    }

    /// Adds a statement to the history, and writes that to its file, which only its owner may read. A file that cannot be
    /// written is let be: nobody's work depends on it.
    package func remember(_ statement: String) {
        guard let history = self.history, !statement.isEmpty else { return }
        plexus_history_enter(history, statement)
        guard let historyFile = self.historyFile else { return }
        _ = plexus_history_save(history, historyFile)
        chmod(historyFile, 0o600)
    }

    // MARK: Keys

    private func interrupt() -> UInt8 {
        self.wasInterrupted = true
        return UInt8(CC_EOF)
    }

    /// Adds what all candidates have in common; lists them when that is nothing.
    private func complete() -> UInt8 {
        guard let info = el_line(self.editor) else { return UInt8(CC_ERROR) }
        guard let start = info.pointee.buffer, let cursor = info.pointee.cursor else {
            return UInt8(CC_ERROR)
        }
        let bytes = UnsafeRawBufferPointer(start: start, count: cursor - start)
        let completion = self.completer(String(decoding: bytes, as: UTF8.self))
        guard let addition = completion.addition else { return UInt8(CC_REFRESH_BEEP) }
        if addition.replaces > 0 { el_deletestr(self.editor, Int32(addition.replaces)) }
        if !addition.text.isEmpty { el_insertstr(self.editor, addition.text) }
        if completion.candidates.count > 1, addition.isOnlyPrefix {
            print("\n" + TextTable.columns(completion.candidates, width: TerminalSize.columns()))
            return UInt8(CC_REDISPLAY)
        }
        return UInt8(CC_REFRESH)
    }
}

/// How large the terminal is.
package enum TerminalSize {
    /// Columns of the terminal that standard output is; 80 when it does not say.
    package static func columns() -> Int {
        self.knownColumns() ?? 80
    }

    /// Columns of the terminal; nil when standard output is none.
    package static func knownColumns() -> Int? {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
