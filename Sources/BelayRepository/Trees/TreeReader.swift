package import BelayCore
package import BelayFormat
import BelayStore
import Synchronization

/// Reads trees, which lie close together in their packs: a stretch around each is kept for the next.
package final class TreeReader: Sendable {
    /// A stretch of a pack.
    private struct WindowKey: Hashable {
        var pack: PackID
        var number: UInt32
    }

    private struct Windows {
        var bytes: [WindowKey: [UInt8]] = [:]
        var order: [WindowKey] = []
    }

    private static let windowSize: UInt32 = 1 << 20
    private static let windowsMaximum = 16

    package let blobs: BlobReader
    private let windows = Mutex(Windows())
    /// Where the last tree of each pack ends: a stretch must not reach further.
    private let ends: [PackID: UInt32]

    package init(_ blobs: BlobReader) {
        self.blobs = blobs
        var ends: [PackID: UInt32] = [:]
        for position in 0..<blobs.index.count(of: .tree) {
            let location = blobs.index.location(of: .tree, at: position)
            let (end, overflow) = location.offset.addingReportingOverflow(location.length)
            if !overflow { ends[location.pack] = max(ends[location.pack] ?? 0, end) }
        }
        self.ends = ends
    }

    /// The tree, checked against its id, its names against what a directory can have.
    ///
    /// - Throws: `repository.damaged`.
    package func load(_ id: BlobID) async throws -> Tree {
        let plain = try await loadBytes(id)
        do throws(FormatError) {
            return try TreeDecoding.decode(plain)
        } catch {
            throw Self.damage(id, error)
        }
    }

    /// What is told of a tree that is none.
    package static func damage(_ id: BlobID, _ cause: FormatError) -> BelayError {
        BelayError(
            .repositoryDamaged,
            "tree \(id.short) is not a valid directory",
            hint: "run `belay verify` to see what is affected and how to repair it",
            subjects: [id.hexadecimal],
            cause: cause
        )
    }

    /// The tree's text, checked against its id.
    package func loadBytes(_ id: BlobID) async throws -> [UInt8] {
        let handle = BlobHandle(.tree, id)
        if let location = blobs.index.location(of: handle), let window = try? await window(around: location) {
            let start = Int(location.offset % Self.windowSize)
            let plain = window.withUnsafeBytes { bytes in
                // What cannot be read here is read again, from every copy, below.
                try? blobs.decode(
                    UnsafeRawBufferPointer(rebasing: bytes[start..<(start + Int(location.length))]),
                    at: location,
                    id: id
                )
            }
            if let plain { return plain }
        }
        return try await blobs.load(handle)
    }

    /// The stretch of the pack that holds the blob; `nil` if the blob is cut by its border.
    private func window(around location: BlobLocation) async throws -> [UInt8]? {
        let number = location.offset / Self.windowSize
        let start = number * Self.windowSize
        let end = min(start.addingReportingOverflow(Self.windowSize).partialValue, ends[location.pack] ?? 0)
        guard UInt64(location.offset) + UInt64(location.length) <= UInt64(end) else { return nil }
        let key = WindowKey(pack: location.pack, number: number)
        if let known = windows.withLock({ $0.bytes[key] }) { return known }
        let bytes = try await blobs.repository.load(Handle(location.pack), range: UInt64(start)..<UInt64(end))
        windows.withLock { windows in
            if windows.bytes.updateValue(bytes, forKey: key) == nil { windows.order.append(key) }
            if windows.order.count > Self.windowsMaximum {
                windows.bytes.removeValue(forKey: windows.order.removeFirst())
            }
        }
        return bytes
    }
}
