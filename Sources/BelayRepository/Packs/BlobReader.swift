package import BelayCore
import BelayFormat
import BelayStore
import Synchronization

/// Reads single blobs, trying every copy there is.
package final class BlobReader: Sendable {
    /// Decoders wait here for their next use.
    private struct Idle: @unchecked Sendable {
        // `@unchecked Sendable`: a decoder is in this list or with exactly one caller.
        var decoders: [BlobDecoder] = []
    }

    package let repository: Repository
    package let index: IndexTable
    private let idle = Mutex(Idle())

    package init(_ repository: Repository, index: IndexTable) {
        self.repository = repository
        self.index = index
    }

    /// The plain bytes of a blob, checked against its id.
    ///
    /// - Throws: `repository.damaged` if no copy of it can be read.
    package func load(_ handle: BlobHandle) async throws -> [UInt8] {
        var failure: (any Error)?
        for location in index.locations(of: handle) {
            if location.isTooLong(handle.type) {
                failure = FormatError.tooLongBlob(handle.type)
                continue
            }
            do {
                let sealed = try await repository.load(
                    Handle(location.pack),
                    range: UInt64(location.offset)..<(UInt64(location.offset) + UInt64(location.length))
                )
                return try sealed.withUnsafeBytes { try decode($0, at: location, id: handle.id) }
            } catch let error as BelayError where error.code != .repositoryDamaged {
                throw error
            } catch {
                failure = error
            }
        }
        throw Self.damage(handle, failure)
    }

    /// Opens, decompresses and checks sealed bytes.
    func decode(
        _ sealed: UnsafeRawBufferPointer,
        at location: BlobLocation,
        id: BlobID
    ) throws(FormatError) -> [UInt8] {
        let decoder = take()
        defer { give(decoder) }
        return try decoder.decode(sealed, at: location, id: id)
    }

    static func damage(_ handle: BlobHandle, _ cause: (any Error)?) -> BelayError {
        BelayError(
            .repositoryDamaged,
            cause == nil
                ? "\(handle.type.name) blob \(handle.id.short) is not in the repository"
                : "\(handle.type.name) blob \(handle.id.short) cannot be read from any pack",
            hint: "run `belay verify` to see what is affected and how to repair it",
            subjects: [handle.id.hexadecimal],
            cause: cause
        )
    }

    private func take() -> sending BlobDecoder {
        idle.withLock { idle in
            nonisolated(unsafe) let decoder = idle.decoders.popLast() ?? BlobDecoder(repository)
            return decoder
        }
    }

    private func give(_ decoder: BlobDecoder) {
        nonisolated(unsafe) let decoder = decoder
        idle.withLock { $0.decoders.append(decoder) }
    }
}
