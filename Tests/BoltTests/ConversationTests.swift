import Bolt
import Testing

/// What may follow what, without a socket and without a graph.
struct ConversationTests {
    private static let hello = BoltRequest.hello([:])
    private static let logon = BoltRequest.logon([:])
    private static let run = BoltRequest.run("RETURN 1", [:], [:])
    private static let begin = BoltRequest.begin([:])
    private static let pull = BoltRequest.pull(count: 10, result: -1)
    private static let discard = BoltRequest.discard(count: -1, result: -1)
    private static let route = BoltRequest.route([:], [:])
    private static let telemetry = BoltRequest.telemetry(1)
    private static let all: [BoltRequest] = [
        hello, logon, .logoff, run, begin, .commit, .rollback, pull, discard, route, telemetry,
    ]

    /// A conversation after requests that all succeed; PULL leaves more behind.
    private static func after(
        _ requests: [BoltRequest], version: BoltVersion = BoltVersion(5, 8)
    ) -> Conversation {
        var conversation = Conversation(version: version)
        for request in requests {
            conversation.arrive(request)
            _ = conversation.admit(request)
            conversation.conclude(request, with: .success(hasMore: request == Self.pull))
        }
        return conversation
    }

    struct Case: CustomTestStringConvertible {
        let before: [BoltRequest]
        let stage: Conversation.Stage
        let allowed: [BoltRequest]
        var testDescription: String { "\(self.stage)" }
    }

    private static let ready = [hello, logon]
    static let cases = [
        Case(before: [], stage: .negotiation, allowed: [hello]),
        Case(before: [hello], stage: .authentication, allowed: [logon]),
        Case(before: ready, stage: .ready, allowed: [.logoff, run, begin, route, telemetry]),
        Case(before: ready + [run], stage: .streaming, allowed: [pull, discard]),
        Case(before: ready + [run, pull], stage: .streaming, allowed: [pull, discard]),
        Case(
            before: ready + [run, pull, discard], stage: .ready,
            allowed: [.logoff, run, begin, route, telemetry]),
        Case(before: ready + [begin], stage: .transactionReady, allowed: [run, .commit, .rollback]),
        Case(
            before: ready + [begin, run], stage: .transactionStreaming,
            allowed: [run, .commit, .rollback, pull, discard]),
        Case(
            before: ready + [begin, run, discard], stage: .transactionReady,
            allowed: [run, .commit, .rollback]),
        Case(
            before: ready + [begin, run, .commit], stage: .ready,
            allowed: [.logoff, run, begin, route, telemetry]),
        Case(before: ready + [.logoff], stage: .authentication, allowed: [logon]),
        Case(
            before: ready + [.logoff, logon], stage: .ready,
            allowed: [.logoff, run, begin, route, telemetry]),
        Case(
            before: ready + [begin, run, .reset], stage: .ready,
            allowed: [.logoff, run, begin, route, telemetry]),
    ]

    @Test(arguments: Self.cases)
    func eachStateTakesItsRequestsAndNoOthers(_ given: Case) {
        #expect(Self.after(given.before).stage == given.stage)
        for request in Self.all {
            var conversation = Self.after(given.before)
            conversation.arrive(request)
            switch conversation.admit(request) {
            case .perform: #expect(given.allowed.contains(request), "\(request.name)")
            case .ignore: Issue.record("\(request.name) was ignored")
            case .refuse:
                #expect(!given.allowed.contains(request), "\(request.name)")
                #expect(conversation.stage == .defunct)
            }
        }
    }

    @Test(arguments: [BoltVersion(4, 4), BoltVersion(5, 0)])
    func olderVersionsKnowNoLogon(version: BoltVersion) {
        #expect(Self.after([Self.hello], version: version).stage == .ready)
        for request in [Self.logon, .logoff, Self.telemetry] {
            var conversation = Self.after([Self.hello], version: version)
            guard case .refuse = conversation.admit(request) else {
                Issue.record("\(request.name) was taken")
                continue
            }
        }
    }

    @Test func afterAFailureEverythingIsIgnoredUntilReset() {
        var conversation = Self.after(Self.ready)
        conversation.arrive(Self.run)
        _ = conversation.admit(Self.run)
        conversation.conclude(Self.run, with: .failure)
        #expect(conversation.stage == .failed)
        for request in Self.all {
            conversation.arrive(request)
            #expect(conversation.admit(request) == .ignore)
        }
        conversation.arrive(.reset)
        #expect(conversation.admit(.reset) == .perform(result: -1))
        conversation.conclude(.reset, with: .success())
        #expect(conversation.stage == .ready)
    }

    @Test(arguments: [[BoltRequest](), [hello]])
    func whoeverCannotProveItsRightIsNotTalkedWithAnyLonger(before: [BoltRequest]) {
        var conversation = Self.after(before)
        conversation.conclude(before.isEmpty ? Self.hello : Self.logon, with: .failure)
        #expect(conversation.stage == .defunct)
    }

    @Test func aResetJumpsAheadOfWhatWaits() {
        var conversation = Self.after(Self.ready + [Self.begin])
        for request in [Self.run, Self.pull, .reset, Self.run] { conversation.arrive(request) }
        #expect(conversation.isInterrupted)
        #expect(conversation.admit(Self.run) == .ignore)
        #expect(conversation.admit(Self.pull) == .ignore)
        #expect(conversation.admit(.reset) == .perform(result: -1))
        conversation.conclude(.reset, with: .success())
        #expect(!conversation.isInterrupted)
        #expect(conversation.admit(Self.run) == .perform(result: -1))
    }

    @Test func ofSeveralResetsTheLastOneEndsTheInterruption() {
        var conversation = Self.after(Self.ready)
        for request in [BoltRequest.reset, Self.run, .reset] { conversation.arrive(request) }
        _ = conversation.admit(.reset)
        conversation.conclude(.reset, with: .success())
        #expect(conversation.admit(Self.run) == .ignore)
        _ = conversation.admit(.reset)
        conversation.conclude(.reset, with: .success())
        #expect(conversation.admit(Self.run) == .perform(result: -1))
    }

    @Test func resultsOfATransactionAreToldApartByNumber() {
        var conversation = Self.after(Self.ready + [Self.begin, Self.run, Self.run])
        #expect(conversation.nextResult == 2)
        #expect(conversation.admit(.pull(count: 1, result: 0)) == .perform(result: 0))
        #expect(conversation.admit(.pull(count: 1, result: -1)) == .perform(result: 1))
        conversation.conclude(.pull(count: 1, result: 0), with: .success())
        #expect(conversation.stage == .transactionStreaming)
        guard case .refuse = conversation.admit(.pull(count: 1, result: 0)) else {
            Issue.record("a result that is over was given")
            return
        }
    }

    @Test func numbersOfResultsBeginAnewWithEachTransaction() {
        let conversation = Self.after(Self.ready + [Self.begin, Self.run, .rollback, Self.begin])
        #expect(conversation.nextResult == 0)
    }
}
