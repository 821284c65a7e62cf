internal import RegularExpressions

/// A checked expression, ready to run.
indirect enum CELStep: Sendable {
    case constant(CELValue)
    /// A parameter or a variable of a macro.
    case slot(Int)
    case select(CELStep, String, CELPlace)
    case has(CELStep, String, CELPlace)
    case unary(CELFunction, CELStep, CELPlace)
    case binary(CELFunction, CELStep, CELStep, CELPlace)
    /// `matches` with a pattern that is known beforehand.
    case matches(CELStep, RegularExpression, CELPlace)
    case or([CELStep])
    case and([CELStep])
    case conditional(CELStep, CELStep, CELStep, CELPlace)
    case list([CELStep])
    case map([(key: CELStep, value: CELStep)], CELPlace)
    case comprehension(Comprehension)

    /// A macro over the elements of a list or the keys of a map.
    struct Comprehension: Sendable {
        let macro: CELSyntax.Comprehension.Macro
        let range: CELStep
        /// Where the element stands while the others run.
        let slot: Int
        let condition: CELStep?
        let result: CELStep?
        let place: CELPlace
    }

    var constant: CELValue? {
        if case .constant(let value) = self { return value }
        return nil
    }
}
