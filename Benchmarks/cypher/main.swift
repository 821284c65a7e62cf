// Queries over a social-and-machine graph, in process, with answers checked against those computed without any database.
//
// usage: bench-cypher FOLDER [QUERY ...]
//
// FOLDER holds CSV files and `workload.json` of the harness (`generate.py` and `queries.py` of ../shared/bench/graph);
// `queries.json` beside it has the texts. Each query runs with one parameter set after the other for 2.5 s or 300 times;
// a line of JSON a query goes to the standard output, in the harness's form, so that its table has us as one more peer.

import Foundation
import GraphDatabase
import GraphStorage
import JSON
import PropertyGraph
import QueryEngine

do {
    let arguments = CommandLine.arguments.dropFirst()
    guard let folder = arguments.first else {
        FileHandle.standardError.write(Data("usage: bench-cypher FOLDER [QUERY ...]\n".utf8))
        exit(64)
    }
    try await Bench(folder: folder, only: Set(arguments.dropFirst())).run()
} catch {
    FileHandle.standardError.write(Data("bench-cypher: \(error)\n".utf8))
    exit(1)
}
