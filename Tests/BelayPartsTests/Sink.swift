import BelayParts
import Foundation
import Synchronization

/// Keeps in memory what engines hand over.
///
/// `@unchecked Sendable`: what is called between pieces is called by the one task that stores.
final class Sink: PartSink, @unchecked Sendable {
    private let kept = Mutex<[String: Data]>([:])
    private let places = Mutex<[String: String]>([:])
    private let pieceBytes: Int
    private let afterPiece: () -> Void

    /// One that reads pieces of a size, and does something after each.
    init(pieceBytes: Int = 10_000, afterPiece: @escaping () -> Void = {}) {
        self.pieceBytes = pieceBytes
        self.afterPiece = afterPiece
    }

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
        var room = [UInt8](repeating: 0, count: pieceBytes)
        while true {
            let count = try room.withUnsafeMutableBytes { try read($0) }
            if count == 0 { break }
            data.append(contentsOf: room[..<count])
            afterPiece()
        }
        let whole = data
        kept.withLock { $0[name] = whole }
        if let place { places.withLock { $0[name] = place } }
        return UInt64(whole.count)
    }
}
