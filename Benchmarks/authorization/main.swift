// What authorization costs: see Benchmarks/authorization.py.
import Foundation

func flushOutput() { fflush(nil) }

let arguments = Array(CommandLine.arguments.dropFirst())
do {
    switch arguments.first {
    case "floor": try await serveFloor()
    case "load" where arguments.count == 6:
        let bytes = try Data(contentsOf: URL(fileURLWithPath: arguments[2]))
        let load = HTTPLoad(
            port: Int(arguments[1]) ?? 0, requests: bytes.split(separator: 1).map { [UInt8]($0) },
            connections: Int(arguments[3]) ?? 32, seconds: Double(arguments[4]) ?? 3,
            rate: Double(arguments[5]) ?? 0)
        try await load.run()
    case nil, "load":
        FileHandle.standardError.write(
            Data(
                "usage: bench-authorization FOLDER [--checks N] [--lists N] [--writes N] | floor | load PORT FILE CONNECTIONS SECONDS RATE\n"
                    .utf8))
        exit(2)
    default: try await Bench(arguments: arguments).run()
    }
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(1)
}
