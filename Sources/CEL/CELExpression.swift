/// A name that an expression may use, and what it holds.
package struct CELParameter: Hashable, Sendable {
    /// The name.
    package let name: String
    /// What it holds.
    package let type: CELType

    /// Joins name and type.
    package init(name: String, type: CELType) {
        self.name = name
        self.type = type
    }
}

/// An expression of the Common Expression Language (github.com/google/cel-spec) with the additions of OpenFGA: checked
/// against its parameters once, run as often as wanted.
///
/// It has no side effects and always ends: macros run over what is there, and a run has a cost limit.
package struct CELExpression: Sendable {
    /// How many steps a run may take when nobody says otherwise; looking through a text or a list counts as steps too.
    package static let costLimit = 100_000

    /// As it was written.
    package let text: String
    /// The names that it may use.
    package let parameters: [CELParameter]
    /// What it gives.
    package let type: CELType
    /// The places in ``parameters`` of those that it does use.
    package let used: Set<Int>
    private let step: CELStep
    private let localCount: Int

    /// Reads and checks an expression that must give `result`; nil stands for anything.
    /// - Throws: ``CELError`` with the place of the first mistake.
    package init(_ text: String, parameters: [CELParameter], result: CELType? = nil) throws(CELError) {
        let syntax = try CELParser.parse(text)
        var checker = CELChecker(parameters: parameters)
        let (step, type) = try checker.check(syntax)
        if let result, !result.admits(type) {
            throw CELError(.type, "gives \(type), and \(result) is wanted", syntax.place)
        }
        self.text = text
        self.parameters = parameters
        self.type = type
        self.used = checker.used
        self.step = step
        self.localCount = checker.localCount
    }

    /// What a run came to.
    package enum Outcome: Sendable {
        /// A value.
        case value(CELValue)
        /// It can not be known without these parameters, sorted by name.
        case missing([String])
        /// There is no value.
        case failed(CELError)
    }

    /// Runs it with a value for each of ``parameters``, nil for those that are not known; what does not depend on an
    /// unknown one is decided all the same.
    package func evaluate(_ arguments: [CELValue?], costLimit: Int = Self.costLimit) -> Outcome {
        var slots = arguments
        while slots.count < self.parameters.count + self.localCount { slots.append(nil) }
        var run = CELRun(slots: slots, budget: costLimit)
        do throws(CELStop) {
            return .value(try run.value(self.step))
        } catch {
            switch error {
            case .missing(let slots): return .missing(slots.map { self.parameters[$0].name }.sorted())
            case .failed(let error): return .failed(error)
            }
        }
    }

    /// As ``evaluate(_:costLimit:)-([CELValue?],_)``, with arguments by name; names that are no parameters are ignored.
    package func evaluate(_ arguments: [String: CELValue], costLimit: Int = Self.costLimit) -> Outcome {
        self.evaluate(self.parameters.map { arguments[$0.name] }, costLimit: costLimit)
    }
}
