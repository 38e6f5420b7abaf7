import BelayArchive
import BelayCore
import BelayParts
import BelayProject
import BelayRepository
import BelaySystem
import Synchronization

/// Files for the time of a comparison, beside the copies that engines make.
///
/// Their names begin with the process, so that what a killed run leaves is removed as the copies are.
final class ScratchFiles: Sendable {
    private let folder: String
    private let prefix: String
    private let made = Mutex<[String]>([])

    init(_ workspace: Workspace) {
        folder = "\(workspace.directories.cache)/scratch"
        prefix = "\(HostIdentity.current().processID)-\(UInt32.random(in: 0...UInt32.max))-diff"
    }

    /// Runs `body`, and removes all files when it ends, however it ends.
    static func with<Result>(
        _ workspace: Workspace,
        _ body: (ScratchFiles) async throws -> Result
    ) async throws -> Result {
        let files = ScratchFiles(workspace)
        do {
            let result = try await body(files)
            files.remove()
            return result
        } catch {
            files.remove()
            throw error
        }
    }

    /// Writes the contents of stored files out; gives where each is.
    func restore(_ files: [String: Node], _ blobs: BlobReader) async throws -> [String: String] {
        var paths: [String: String] = [:]
        for (name, node) in files.sorted(by: { $0.key < $1.key }) {
            let path = try makePath()
            try await withTaskExecutorPreference(BlockingPool.files) {
                let file = try OpenFile.creating(path: path)
                try await ContentReader.stream(node, blobs: blobs) { try file.write($0) }
            }
            paths[name] = path
        }
        return paths
    }

    fileprivate func makePath() throws(SystemError) -> String {
        try Paths.makeFolders(folder, mode: 0o700)
        return made.withLock { made in
            made.append("\(folder)/\(prefix)-\(made.count)")
            return made[made.count - 1]
        }
    }

    private func remove() {
        for path in made.withLock({ $0 }) {
            // One that was never written is not there; what is left otherwise the next backup removes.
            try? Paths.remove(path)
        }
    }
}

/// Writes what an engine hands over into scratch files.
final class ScratchSink: PartSink {
    private let scratch: ScratchFiles
    private let stored = Mutex<[String: String]>([:])

    init(_ scratch: ScratchFiles) { self.scratch = scratch }

    /// Where each file is, by the name that the engine gave it.
    var files: [String: String] { stored.withLock { $0 } }

    func store(
        _ name: String,
        standingFor place: String?,
        reading read: (UnsafeMutableRawBufferPointer) throws -> Int
    ) async throws -> UInt64 {
        let path = try scratch.makePath()
        let file = try OpenFile.creating(path: path)
        stored.withLock { $0[name] = path }
        var room = [UInt8](repeating: 0, count: 1 << 20)
        var size: UInt64 = 0
        while true {
            try Task.checkCancellation()
            let count = try room.withUnsafeMutableBytes { try read($0) }
            if count == 0 { return size }
            try room.withUnsafeBytes { try file.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            size += UInt64(count)
        }
    }
}
