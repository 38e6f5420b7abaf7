import BelayParts
import BelaySystem
import Foundation

/// What a sink was given, to be read back.
struct StoredPart: PartSource {
    var contents: [String: Data]

    init(_ sink: Sink) { contents = sink.files }

    var files: [String: UInt64] { contents.mapValues { UInt64($0.count) } }

    func read(_ name: String, _ body: (UnsafeRawBufferPointer) throws -> Void) async throws {
        guard let data = contents[name] else { throw CocoaError(.fileNoSuchFile) }
        // In pieces that end anywhere.
        for start in stride(from: 0, to: data.count, by: 7_777) {
            let end = min(start + 7_777, data.count)
            try data[(data.startIndex + start)..<(data.startIndex + end)].withUnsafeBytes(body)
        }
    }

    func place(_ name: String, in folder: String) async throws -> String {
        guard let data = contents[name] else { throw CocoaError(.fileNoSuchFile) }
        try data.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        return "\(folder)/\(name)"
    }
}
