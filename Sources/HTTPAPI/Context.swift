package import Hummingbird
package import Identity
internal import Logging

/// What is known of a request while it is answered.
package struct APIContext: RequestContext {
    /// Hummingbird's own part.
    package var coreContext: CoreRequestContextStorage
    /// Who asks; nil on routes that everybody may call.
    package var principal: Principal?
    /// The request's id, from `X-Request-ID` or made here; in every log line and in the answer.
    package var requestID = ""

    /// For Hummingbird.
    package init(source: ApplicationRequestContextSource) {
        self.coreContext = .init(source: source)
    }

    /// The user's id, `anonymous` when there is none.
    package var user: String { self.principal?.user ?? "anonymous" }
}
