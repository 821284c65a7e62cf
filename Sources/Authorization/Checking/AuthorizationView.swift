internal import JSON
package import PropertyGraph

/// A graph as one authorizer sees it: what questions are asked of. O(1) to copy.
package struct AuthorizationView: Sendable {
    /// The graph.
    package let graph: GraphSnapshot
    let authorizer: Authorizer
    let bound: BoundModel
    /// Which nodes stand for all of a type, by the type's number.
    let wildcards: ContiguousArray<BoundModel.Wildcard>
    /// What tuples may say of themselves, by the relation's number.
    let keys: ContiguousArray<BoundModel.TupleKeys>
    /// What is known of the graph, when it is one that was published.
    var known: PublishedGraph?

    /// The model that decides.
    package var model: AuthorizationModel { self.authorizer.model }

    /// The same with further tuples, for one request. A tuple that is there already, or twice, is
    /// replaced.
    /// - Throws: ``AuthorizationError/invalidTuple(_:reason:)`` for one that does not fit the model.
    package func adding(_ tuples: [Tuple]) throws(AuthorizationError) -> AuthorizationView {
        guard !tuples.isEmpty else { return self }
        for tuple in tuples {
            if let reason = self.model.misfit(tuple) {
                throw .invalidTuple(tuple.description, reason: reason)
            }
        }
        return try self.changed { editor throws(GraphError) in
            for tuple in tuples {
                try editor.delete(tuple)
                try editor.write(tuple)
            }
        }
    }

    /// The same with changes that nobody else sees.
    /// - Throws: ``AuthorizationError/invalidInput(_:)`` when the graph does not take them.
    package func changed(
        _ body: (TupleEditor) throws(GraphError) -> Void
    ) throws(AuthorizationError) -> AuthorizationView {
        let transaction = GraphTransaction(self.graph)
        do {
            try body(TupleEditor(transaction))
        } catch {
            throw .invalidInput("the graph does not take it: \(error)")
        }
        return self.replacing(transaction.graph)
    }

    /// The same over another graph that grew out of this one and that nobody else sees.
    package func replacing(_ graph: GraphSnapshot) -> AuthorizationView {
        // Names that this graph has for itself may have the numbers of other names elsewhere: no binding is shared.
        let bound = self.bound.fits(graph) ? self.bound : BoundModel(self.model, in: graph)
        return AuthorizationView(
            graph: graph, authorizer: self.authorizer, bound: bound, wildcards: bound.wildcards(in: graph),
            keys: bound.tupleKeys(in: graph))
    }

    /// The node that a type and an id mean. O(log n) with an index on the type's key, O(1) for one that was asked for before.
    func node(_ type: Int, _ id: String) -> NodeID? {
        self.known.map { $0.node(type, id, in: self.graph) } ?? self.bound.node(type, id, in: self.graph)
    }

    func tuples(_ options: CheckOptions) -> TupleReader {
        TupleReader(
            model: self.bound, graph: self.graph, wildcards: self.wildcards, keys: self.keys,
            at: options.moment,
            context: options.context)
    }
}
