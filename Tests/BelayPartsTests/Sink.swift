import BelayParts
import BelaySystem
import Foundation
import Synchronization
import Testing

/// Keeps in memory what engines hand over.
final class Sink: PartSink {
    private let kept = Mutex<[String: Data]>([:])
    private let places = Mutex<[String: String]>([:])

    /// One that was handed these.
    static func holding(_ files: [String: Data]) -> Sink {
        let sink = Sink()
        sink.kept.withLock { $0 = files }
        return sink
    }

    var files: [String: Data] { kept.withLock { $0 } }
    /// For each file the place it stands for.
    var standsFor: [String: String] { places.withLock { $0 } }

    func store(
        _ name: String,
        standingFor place: String?,
        reading read: (UnsafeMutableRawBufferPointer) throws -> Int
    ) async throws -> UInt64 {
        var data = Data()
        var room = [UInt8](repeating: 0, count: 10_000)
        while true {
            let count = try room.withUnsafeMutableBytes { try read($0) }
            if count == 0 { break }
            data.append(contentsOf: room[..<count])
        }
        let whole = data
        kept.withLock { $0[name] = whole }
        if let place { places.withLock { $0[name] = place } }
        return UInt64(whole.count)
    }
}

/// A folder for one test, gone with the value.
final class Scratch: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "belay-parts-\(UUID().uuidString)"
        )
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.resolvingSymlinksInPath().path
    }

    deinit {
        // A folder that cannot be removed does no harm to other tests.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// A program of that text, which no process has open for writing, as ours would while it starts others.
    func program(_ text: String, at name: String) throws {
        let script = "mkdir -p \"${2%/*}\" && printf %s \"$1\" > \"$2\" && chmod 755 \"$2\""
        let outcome = try Command(
            "/bin/sh",
            ["-c", script, "sh", text, "\(path)/\(name)"],
            environment: ["PATH": "/usr/bin:/bin"]
        ).run(limit: 1)
        try #require(outcome.isSuccess, "\(outcome.said)")
    }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }
}
