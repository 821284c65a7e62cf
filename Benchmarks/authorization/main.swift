// What authorization costs: see Benchmarks/authorization.py.
import Foundation

guard CommandLine.arguments.count >= 2 else {
    FileHandle.standardError.write(
        Data("usage: bench-authorization FOLDER [--checks N] [--lists N] [--writes N]\n".utf8))
    exit(2)
}
do {
    try await Bench(arguments: Array(CommandLine.arguments.dropFirst())).run()
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(1)
}
