internal import JSON
internal import Logging

/// Tells the server what becomes of attempts, and asks for the next jobs with it. What comes up while one report is under way
/// goes with the next: one request and one commit for many.
actor JobReporter {
    /// What happened, and when.
    struct Event: Sendable {
        let json: JSON
        let time: ContinuousClock.Instant

        init(_ json: JSON, at time: ContinuousClock.Instant = .now) {
            self.json = json
            self.time = time
        }

        var timed: JSON {
            guard var object = self.json.object else { return self.json }
            object["seconds_ago"] = .double((ContinuousClock.now - self.time) / .seconds(1))
            return .object(object)
        }
    }

    private struct Message {
        let events: [Event]
        let bytes: Int
        let answer: CheckedContinuation<Void, any Error>
    }

    /// A report takes no more; the server reads bodies of 8 MiB.
    private static let bytesLimit = 4 << 20
    private static let eventLimit = 256
    /// While jobs wait for their slots, more ends of jobs are about to come: a report then waits for them.
    private static let gathering = Duration.milliseconds(4)

    private let server: ServerConnection
    private let worker: String
    private let slots: JobSlots
    private let logger: Logger
    /// Begins jobs that a report brought.
    private let begin: @Sendable ([JobSlots.Leased]) -> Void
    private var messages: [Message] = []
    private var isSending = false
    private var sending: Task<Void, Never>?
    private var isClosed = false
    /// How long a worker that stops tries to tell what it knows.
    private static let lastTry = Duration.seconds(2)

    init(
        _ server: ServerConnection, worker: String, slots: JobSlots, logger: Logger,
        begin: @escaping @Sendable ([JobSlots.Leased]) -> Void
    ) {
        self.server = server
        self.worker = worker
        self.slots = slots
        self.logger = logger
        self.begin = begin
    }

    /// Tells what happened to one attempt; returns when the server knows. Tries as long as it is not reached, whether the task is
    /// cancelled or not, until ``close()``. `bytes`: about how long the events are.
    /// - Throws: ``ConnectionError/refused(status:problem:)`` when it does not count; `CancellationError` when the worker stops.
    func tell(_ events: [Event], bytes: Int = 0) async throws {
        try await withCheckedThrowingContinuation { continuation in
            self.messages.append(Message(events: events, bytes: bytes, answer: continuation))
            guard !self.isSending else { return }
            self.isSending = true
            // Not a part of whoever told first: others wait for it too.
            self.sending = Task { await self.send() }
            if self.isClosed { self.limitSending() }
        }
    }

    /// The worker stops: what cannot be told within two seconds is not told.
    func close() {
        self.isClosed = true
        self.limitSending()
    }

    private func limitSending() {
        guard let sending else { return }
        Task {
            try? await Task.sleep(for: Self.lastTry)
            sending.cancel()
        }
    }

    private func send() async {
        while !self.messages.isEmpty {
            if self.slots.hasWaiting { try? await Task.sleep(for: Self.gathering) }
            let batch = self.takeBatch()
            do {
                try await self.send(batch)
            } catch let error as ConnectionError {
                if batch.count == 1 {
                    batch[0].answer.resume(throwing: error)
                } else {
                    // One that cannot be read keeps the others from being heard: each by itself, then.
                    for message in batch { await self.sendAlone(message) }
                }
            } catch {
                for message in batch { message.answer.resume(throwing: error) }
            }
        }
        self.isSending = false
    }

    private func takeBatch() -> [Message] {
        var (bytes, events, count) = (0, 0, 0)
        for message in self.messages {
            bytes += message.bytes
            events += message.events.count
            if count > 0, bytes > Self.bytesLimit || events > Self.eventLimit { break }
            count += 1
        }
        defer { self.messages.removeFirst(count) }
        return Array(self.messages.prefix(count))
    }

    private func sendAlone(_ message: Message) async {
        do {
            try await self.send([message])
        } catch {
            message.answer.resume(throwing: error)
        }
    }

    /// Sends a batch and answers all that are in it.
    private func send(_ batch: [Message]) async throws {
        let demand = self.slots.demand()
        let answer: JSON
        do {
            answer = try await Self.patiently(self.logger) {
                var body = JSON.Object()
                body["events"] = .array(batch.flatMap(\.events).map(\.timed))
                if let demand { body["lease"] = demand.json }
                return try await self.server.call(
                    "POST", "/v1/workers/\(self.worker)/report", body: .object(body))
            }
        } catch {
            if let demand { self.begin(self.slots.answer(demand, [])) }
            throw error
        }
        if let demand { self.begin(self.slots.answer(demand, answer["jobs"]?.array ?? [])) }
        var refused: [Int: JSON] = [:]
        for problem in answer["refused"]?.array ?? [] {
            if let event = problem["event"]?.int { refused[event] = problem }
        }
        var index = 0
        for message in batch {
            let problem = message.events.indices.lazy.compactMap { refused[index + $0] }.first
            index += message.events.count
            if let problem {
                message.answer.resume(throwing: ConnectionError.refused(status: 409, problem: problem))
            } else {
                message.answer.resume()
            }
        }
    }

    /// Repeats while the server cannot be reached, with growing pauses, at most 10 s.
    static func patiently<Result: Sendable>(
        _ logger: Logger, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
    ) async throws -> Result {
        var pause = 0.1
        while true {
            do {
                return try await body()
            } catch let error as ConnectionError where error.isPassing {
                logger.warning("server not reached, trying again", metadata: ["error": "\(error)"])
                try await Task.sleep(for: .seconds(pause))
                pause = min(pause * 2, 10)
            }
        }
    }
}
