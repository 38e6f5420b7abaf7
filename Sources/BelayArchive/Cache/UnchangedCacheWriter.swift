import BelayCore
import BelaySystem
import Synchronization

/// Writes the blocks of a new cache file, each directory after those below it.
///
/// Directories finish on several threads: a block is put together by the thread and appended under a lock.
final class UnchangedCacheWriter: Sendable {
    private struct State: ~Copyable {
        var file: OpenFile
        var buffer: [UInt8] = []
        /// Where the next block will lie in the file.
        var end: UInt64 = UInt64(UnchangedCache.headerSize)
        var failure: SystemError?
    }

    private static let bufferSize = 1 << 20

    private let state: Mutex<State>
    private let previous: MappedFile?
    let path: String

    /// Begins a file at `path`; `previous` is where blocks of unchanged directories are copied from.
    init(path: String, previous: MappedFile?) throws(SystemError) {
        // A left-over of a run that was cut off.
        if Paths.exists(path) { try Paths.remove(path) }
        let file = try OpenFile.creating(path: path)
        state = Mutex(State(file: file, buffer: [UInt8](repeating: 0, count: UnchangedCache.headerSize)))
        self.previous = previous
        self.path = path
    }

    /// Appends a block whose length is a multiple of 8; gives its place.
    func append(_ block: UnsafeRawBufferPointer) -> UInt64 {
        state.withLock { state in
            let place = state.end
            state.buffer.append(contentsOf: block)
            state.end += UInt64(block.count)
            if state.buffer.count >= Self.bufferSize { Self.flush(&state) }
            return place
        }
    }

    /// Copies a directory's block and all below it from the previous file; `nil` if one is not whole.
    func copy(from offset: UInt64) -> UInt64? {
        guard let previous, let folder = CachedFolder(in: previous.bytes, at: offset) else { return nil }
        var moved: [(index: Int, place: UInt64)] = []
        for index in 0..<folder.count where folder.isFolder(index) {
            guard let place = copy(from: folder.payload(index)) else { return nil }
            moved.append((index, place))
        }
        var block = Array(folder.block)
        return block.withUnsafeMutableBytes { block in
            for (index, place) in moved { CachedFolderBuilder.setPayload(place, of: index, in: block) }
            CachedFolderBuilder.seal(block)
            return append(UnsafeRawBufferPointer(block))
        }
    }

    /// Writes what is left and the header, and closes the file.
    func finish(root: UInt64, generation: UInt64) throws(SystemError) {
        let failure = state.withLock { state -> SystemError? in
            Self.flush(&state)
            if let failure = state.failure { return failure }
            let header = UnchangedCache.header(root: root, generation: generation, size: state.end)
            do throws(SystemError) {
                var failure: SystemError?
                header.withUnsafeBytes { bytes in
                    do throws(SystemError) { try state.file.write(bytes, at: 0) } catch { failure = error }
                }
                if let failure { throw failure }
            } catch {
                return error
            }
            return nil
        }
        if let failure { throw failure }
    }

    /// Takes the unfinished file away.
    func abandon() {
        // What stays is removed by the next run.
        try? Paths.remove(path)
    }

    private static func flush(_ state: inout State) {
        if state.buffer.isEmpty || state.failure != nil { return }
        state.buffer.withUnsafeBytes { bytes in
            do throws(SystemError) {
                try state.file.write(bytes)
            } catch {
                state.failure = error
            }
        }
        state.buffer.removeAll(keepingCapacity: true)
    }
}
