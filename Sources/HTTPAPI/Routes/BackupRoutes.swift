internal import AccessControl
internal import Foundation
internal import GraphDatabase
internal import GraphStorage
internal import HTTPTypes
internal import Hummingbird
internal import Logging

/// `GET /v1/backup?db=NAME`: a consistent copy of a graph as one SQLite file, while others read and write it.
struct BackupRoutes {
    /// Copies lie in the data folder, where there is room for a graph, under names that begin so.
    private static let prefix = "backup-part-"
    private static let pieceBytes = 1 << 20
    let services: Services

    func add(to router: GuardedRouter) {
        self.removeLeftovers()
        router.get("/v1/backup", .inHandler) { request, context in
            let name = request.parameter("db") ?? GraphCatalog.network
            try self.services.require(.graph(.administer, name), context)
            return try await self.backup(name)
        }
    }

    /// A server that was killed may have left copies behind.
    private func removeLeftovers() {
        let folder = self.services.catalog.folder
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        where name.hasPrefix(Self.prefix) {
            try? FileManager.default.removeItem(atPath: folder + "/" + name)
        }
    }

    private func backup(_ name: String) async throws -> Response {
        let path = self.services.catalog.folder + "/" + Self.prefix + UUID().uuidString
        // The open file outlives its name: nothing is left behind, however the answer ends.
        defer { StoreFiles.remove(path) }
        try await self.services.catalog.backup(name, to: path)
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        let size = Int(try file.seekToEnd())
        try file.seek(toOffset: 0)
        let body = ResponseBody(contentLength: size) { writer in
            while let piece = try await runBlocking({ try file.read(upToCount: Self.pieceBytes) }),
                !piece.isEmpty
            {
                try await writer.write(ByteBuffer(bytes: piece))
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok, headers: [.contentType: "application/vnd.sqlite3"], body: body)
    }
}
