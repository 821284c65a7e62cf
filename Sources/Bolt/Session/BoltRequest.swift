package import NIOCore
package import PropertyGraph

/// What a client asks for: one message.
package enum BoltRequest: Hashable, Sendable {
    /// Who the client is; before 5.1 also by which right.
    case hello([String: Value])
    /// By which right it comes.
    case logon([String: Value])
    /// The right is given up; another ``logon(_:)`` follows.
    case logoff
    /// The end.
    case goodbye
    /// Everything that goes on is given up; the connection is as after the log-on.
    case reset
    /// A statement, its parameters, and options when it is not in a transaction.
    case run(String, [String: Value], [String: Value])
    /// A transaction begins.
    case begin([String: Value])
    /// It is to happen.
    case commit
    /// It is not to happen.
    case rollback
    /// So many rows of a result are wanted; -1: all, and -1: the newest result.
    case pull(count: Int, result: Int)
    /// So many rows are not wanted, as in ``pull(count:result:)``.
    case discard(count: Int, result: Int)
    /// Who serves a graph: the client's way here, its bookmarks, options.
    case route([String: Value], [String: Value])
    /// Which of the driver's functions is used.
    case telemetry(Int)

    /// Why a message cannot be taken.
    package enum Failure: Error, Hashable, Sendable {
        /// The client does not speak the protocol; the conversation ends.
        case violation(String)
        /// A value in it cannot be used; the conversation goes on.
        case unusableValue(String)
    }
}

extension BoltRequest {
    /// Reads a message.
    package init(_ message: ByteBuffer) throws(Failure) {
        var reader = PackStreamReader(message)
        do {
            let (tag, count) = try reader.readStructure()
            if let demand = try Self.plainDemand(tag, count, &reader) {
                self = demand
                return
            }
            var fields: [Value] = []
            for _ in 0..<count { fields.append(try reader.readValue()) }
            guard reader.isAtEnd else { throw Failure.violation("there are bytes after the message") }
            guard let request = BoltRequest(tag, fields) else {
                throw Failure.violation(
                    "message \(tag) with \(count) fields is not known, or they do not fit")
            }
            self = request
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(error)
        }
    }

    /// PULL and DISCARD as they mostly come, without a map being made of them.
    private static func plainDemand(
        _ tag: UInt8, _ count: Int, _ reader: inout PackStreamReader
    ) throws -> BoltRequest? {
        guard tag == 0x3F || tag == 0x2F, count == 1 else { return nil }
        var trial = reader
        guard trial.skip([0xA1, 0x81, 0x6E]), case .integer(let rows) = try trial.readValue(), trial.isAtEnd,
            rows == -1 || rows > 0
        else { return nil }
        reader = trial
        return tag == 0x3F ? .pull(count: rows, result: -1) : .discard(count: rows, result: -1)
    }

    private init?(_ tag: UInt8, _ fields: [Value]) {
        func map(_ place: Int) -> [String: Value]? {
            guard place < fields.count, case .map(let entries) = fields[place] else { return nil }
            return entries
        }
        switch (tag, fields.count) {
        case (0x01, 1): self.init(map(0)) { .hello($0) }
        case (0x02, 0): self = .goodbye
        case (0x0F, 0): self = .reset
        case (0x10, 3):
            guard let text = fields[0].string, let parameters = map(1), let options = map(2) else {
                return nil
            }
            self = .run(text, parameters, options)
        case (0x11, 1): self.init(map(0)) { .begin($0) }
        case (0x12, 0): self = .commit
        case (0x13, 0): self = .rollback
        case (0x2F, 1):
            guard let (count, result) = map(0).flatMap(Self.demand) else { return nil }
            self = .discard(count: count, result: result)
        case (0x3F, 1):
            guard let (count, result) = map(0).flatMap(Self.demand) else { return nil }
            self = .pull(count: count, result: result)
        case (0x54, 1):
            guard let function = fields[0].integer else { return nil }
            self = .telemetry(function)
        case (0x66, 3):
            guard let routing = map(0), let options = map(2) else { return nil }
            self = .route(routing, options.merging(["bookmarks": fields[1]]) { first, _ in first })
        case (0x6A, 1): self.init(map(0)) { .logon($0) }
        case (0x6B, 0): self = .logoff
        default: return nil
        }
    }

    private init?(_ entries: [String: Value]?, _ make: ([String: Value]) -> BoltRequest) {
        guard let entries else { return nil }
        self = make(entries)
    }

    /// How many rows of which result: at least 1, or all.
    private static func demand(_ entries: [String: Value]) -> (count: Int, result: Int)? {
        guard let count = entries["n"]?.integer, count == -1 || count > 0 else { return nil }
        let result = entries["qid"].map(\.integer) ?? -1
        return result.flatMap { $0 >= -1 ? (count, $0) : nil }
    }
}

extension BoltRequest.Failure {
    fileprivate init(_ error: any Error) {
        switch error {
        case let error as PackStreamError:
            switch error {
            case .unsupportedParameter, .invalidStructure: self = .unusableValue(error.description)
            default: self = .violation(error.description)
            }
        default: self = .violation("\(error)")
        }
    }
}
