package import AccessControl
internal import Foundation
package import Hummingbird
internal import Logging
package import NIOCore
internal import NIOSSL

/// What is known of a request while it is answered.
package struct APIContext: RequestContext {
    /// Hummingbird's own part.
    package var coreContext: CoreRequestContextStorage
    /// The connection that the request came on.
    package let channel: any Channel
    /// Who asks.
    package var caller = Caller.nobody
    /// Whether the guard was asked.
    package let inquiry = Inquiry()
    /// The request's id, from `X-Request-ID` or made here; in every log line and in the answer.
    package var requestID = ""

    /// For Hummingbird.
    package init(source: ApplicationRequestContextSource) {
        self.coreContext = .init(source: source)
        self.channel = source.channel
    }

    /// Whether the connection uses TLS.
    func isEncrypted() async -> Bool {
        let channel = self.channel
        let found = channel.eventLoop.submit {
            (try? channel.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)) != nil
        }
        return (try? await found.get()) ?? false
    }

    /// A part of the path, out of its percent form.
    func part(_ name: String) -> String {
        let text = self.parameters.get(name) ?? ""
        return text.removingPercentEncoding ?? text
    }

    /// The user's id, `anonymous` when there is none.
    package var user: String { self.caller.user ?? "anonymous" }
}
