internal import Dispatch

/// What an ended query held, to be freed on another thread.
///
/// `@unchecked Sendable`: rows, tables and values that nobody else refers to; nothing is read of them any more.
final class Leftovers: @unchecked Sendable {
    private let content: [Any]

    private init(_ content: [Any]) { self.content = content }

    /// Frees all of it soon.
    static func free(_ content: [Any]) {
        let leftovers = Leftovers(content)
        // A moment later: whoever lets go last frees, and the callers still hold it now.
        DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + .milliseconds(100)) {
            withExtendedLifetime(leftovers) {}
        }
    }
}
