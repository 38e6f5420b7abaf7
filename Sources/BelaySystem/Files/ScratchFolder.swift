package import BelayCore

/// A folder for what a run needs for a while, named `PID-RANDOM-NAME` after the process that it belongs to.
///
/// What processes that are gone have left is removed when the next one makes its own.
package struct ScratchFolder: Hashable, Sendable {
    package let path: String

    /// Makes a new one in `parent`, which is made if it is missing.
    ///
    /// `prefix` is set before the name where other programs put things into the same place.
    package init(in parent: String, for name: String, prefix: String = "") throws(SystemError) {
        try Paths.makeFolders(parent, mode: 0o700)
        Self.removeLeftOvers(in: parent, prefix: prefix)
        let process = HostIdentity.current().processID
        let readable = name.split(separator: "/").joined(separator: "-").prefix(40)
        path = "\(parent)/\(prefix)\(process)-\(UInt32.random(in: 0...UInt32.max))-\(readable)"
        try Paths.makeFolders(path, mode: 0o700)
    }

    /// Makes a new one and lets `body` fill it; without one where that fails.
    package static func filled(
        in parent: String,
        for name: String,
        prefix: String = "",
        _ body: (_ path: String) async throws -> Void
    ) async throws -> ScratchFolder {
        let folder = try ScratchFolder(in: parent, for: name, prefix: prefix)
        do {
            try await body(folder.path)
            return folder
        } catch {
            // What failed first is told; what is left is removed by a later run.
            try? folder.remove()
            throw error
        }
    }

    /// Runs `body` with a new one, which is gone afterwards.
    package static func with<Result: Sendable>(
        in parent: String,
        for name: String,
        _ body: (_ path: String) async throws -> Result
    ) async throws -> Result {
        let folder = try ScratchFolder(in: parent, for: name)
        let outcome: Swift.Result<Result, any Error>
        do { outcome = .success(try await body(folder.path)) } catch { outcome = .failure(error) }
        try folder.remove()
        return try outcome.get()
    }

    package func remove() throws(SystemError) {
        guard let parent = Paths.parent(of: path) else { return }
        let folder = try Folder.open(path: parent)
        try folder.removeTree(FileName(String(path.dropFirst(parent.utf8.count + 1))))
    }

    private static func removeLeftOvers(in parent: String, prefix: String) {
        // Another run may be at it, too: what cannot be removed now is removed by a later one.
        guard let names = try? Paths.names(in: parent), let folder = try? Folder.open(path: parent) else {
            return
        }
        for name in names where name.hasPrefix(prefix) {
            let process = name.dropFirst(prefix.count).split(separator: "-").first.flatMap { Int32($0) }
            guard let process, !HostIdentity.isAlive(processID: process) else { continue }
            // In use by somebody who removes it, too, or not ours.
            try? folder.removeTree(FileName(name))
        }
    }
}

extension Folder {
    /// Removes an entry and all below it; no symlink is followed.
    package func removeTree(_ name: FileName) throws(SystemError) {
        if try !status(of: name).isDirectory { return try remove(name) }
        let below = try folder(named: name)
        var listing = DirectoryListing()
        try listing.read(below)
        for index in 0..<listing.count { try below.removeTree(listing.fileName(index)) }
        try removeFolder(name)
    }
}
