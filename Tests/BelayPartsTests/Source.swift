import BelayParts
import Foundation

/// Gives back what a ``Sink`` was handed.
struct Source: PartSource {
    let stored: [String: Data]

    init(_ sink: Sink) { stored = sink.files }

    var files: [String: UInt64] { stored.mapValues { UInt64($0.count) } }

    func read(_ name: String, _ body: (UnsafeRawBufferPointer) throws -> Void) async throws {
        let data = stored[name] ?? Data()
        // In pieces that end anywhere.
        for start in stride(from: 0, to: data.count, by: 7_777) {
            try Data(data[start..<min(data.count, start + 7_777)]).withUnsafeBytes(body)
        }
    }

    func place(_ name: String, in folder: String) async throws -> String {
        let path = "\(folder)/\(name)"
        try (stored[name] ?? Data()).write(to: URL(fileURLWithPath: path))
        return path
    }
}
