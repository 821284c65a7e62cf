internal import Cypher
internal import Dispatch
internal import Foundation
internal import PropertyGraph
internal import Synchronization

/// The first of several parts that failed: what comes after it is wanted no more. Earlier ones go on, as their error would be
/// the first.
final class FirstFailure: Sendable {
    private let number = Atomic(Int.max)

    /// What a part ends with because an earlier one failed: nobody sees it.
    static let unwanted = CypherError(.cancelled, "Unwanted", "an earlier part of the work failed")

    static func isItsOwn(_ error: any Error) -> Bool {
        (error as? CypherError)?.detail == Self.unwanted.detail
    }

    /// Notes that a part failed. When the query is to end, all parts are.
    func note(_ error: any Error, _ part: Int) {
        guard !Self.isItsOwn(error) else { return }
        let error = error as? CypherError
        let isEnd = error?.kind == .cancelled || error?.kind == .limit || error == nil
        _ = self.number.min(isEnd ? -1 : part, ordering: .relaxed)
    }

    func isBefore(_ part: Int) -> Bool { self.number.load(ordering: .relaxed) < part }
}

/// Work in numbered parts, each done by whichever thread is free: the caller's and the helpers'.
///
/// `@unchecked Sendable`: parts share nothing that they change; the caller sees to that.
final class SplitWork<Output>: @unchecked Sendable {
    private let count: Int
    private let body: (Int, FirstFailure) throws -> Output
    private let next = Atomic(0)
    private let failures = FirstFailure()
    private let results: Locked<[Result<Output, any Error>?]>
    private let isDone = DispatchSemaphore(value: 0)

    init(count: Int, _ body: @escaping (Int, FirstFailure) throws -> Output) {
        self.count = count
        self.body = body
        self.results = Locked(Array(repeating: nil, count: count))
    }

    /// Does all parts and gives what they gave, in order. Blocks.
    /// - Throws: the error of the first part that has one.
    func run() throws -> [Output] {
        HelperThreads.shared.help { self.work() }
        self.work()
        for _ in 0..<self.count { self.isDone.wait() }
        let results = self.results.withLock { $0 }
        for case .failure(let error)? in results where !FirstFailure.isItsOwn(error) { throw error }
        return try results.compactMap { try $0?.get() }
    }

    private func work() {
        while case let number = self.next.wrappingAdd(1, ordering: .relaxed).oldValue, number < self.count {
            let result = Result { try self.body(number, self.failures) }
            if case .failure(let error) = result { self.failures.note(error, number) }
            self.results.withLock { $0[number] = result }
            self.isDone.signal()
        }
    }
}

/// Threads beside those that run queries, one less than there are cores: they sleep until a large query has work for them.
final class HelperThreads: Sendable {
    static let shared = HelperThreads(count: max(0, ProcessInfo.processInfo.activeProcessorCount - 1))

    /// Operators call each other as deep as plans are; as for threads of queries.
    private static let stackBytes = 8 << 20

    let count: Int
    private let jobs = Locked<[@Sendable () -> Void]>([])
    private let available = DispatchSemaphore(value: 0)
    private let isStarted = Atomic(false)
    private let callCount = Atomic(0)

    /// How often help was asked for.
    var calls: Int { self.callCount.load(ordering: .relaxed) }

    private init(count: Int) { self.count = min(count, 7) }

    /// Has all helpers that are free run a job, if there is still something to do when they come to it.
    func help(_ job: @escaping @Sendable () -> Void) {
        self.callCount.add(1, ordering: .relaxed)
        if !self.isStarted.exchange(true, ordering: .relaxed) { self.start() }
        self.jobs.withLock { $0.append(contentsOf: repeatElement(job, count: self.count)) }
        for _ in 0..<self.count { self.available.signal() }
    }

    private func start() {
        for number in 0..<self.count {
            let thread = Thread {
                while true {
                    self.available.wait()
                    self.jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }?()
                }
            }
            thread.name = "query-helper-\(number)"
            thread.stackSize = Self.stackBytes
            thread.start()
        }
    }
}
