import BelayCore
import BelayParts
import BelaySystem

/// Puts a copy in the place of a file that is missing, or that is no sound database: by name, not through SQLite.
struct SQLiteFileSwap {
    let path: String
    let copy: String
    /// Where the file that goes is kept, with its journals beside it: a path in `folder`, or `nil` if there is none.
    let kept: String?
    let folder: KeptFolder

    /// Gives what keeps the new file from being on stable storage, if anything does.
    ///
    /// - Throws: `SystemError`; then the file is as it was. Or ``SQLiteFailure``, which says where its companions are.
    func run() throws -> SystemError? {
        let parent = try Folder.open(path: Paths.parent(of: path) ?? "/")
        let status = try Paths.status(path)
        let arriving = "\(path).belay-\(UInt32.random(in: 0...UInt32.max))"
        do {
            try Self.copy(copy, to: arriving, like: status)
            if let kept {
                // The file last, for its name is what tells of a kept state.
                for suffix in ["-wal", "-journal", ""] where Paths.exists(path + suffix) {
                    try folder.fill(kept + suffix) { try Self.copy(path + suffix, to: $0, like: nil) }
                }
            }
            try exchange(arriving)
        } catch {
            // What failed first is told; a stray file is harmless.
            try? Paths.remove(arriving)
            throw error
        }
        do throws(SystemError) {
            try parent.synchronize()
            return nil
        } catch {
            return error
        }
    }

    /// Puts the file that arrives in the place of the one that goes.
    ///
    /// The companions of that one would be applied to the one that comes, so they go first; aside, to be put back.
    private func exchange(_ arriving: String) throws {
        var aside: [(companion: String, place: String)] = []
        do {
            for suffix in ["-wal", "-shm", "-journal"] where Paths.exists(path + suffix) {
                try Paths.rename(path + suffix, to: arriving + suffix)
                aside.append((path + suffix, arriving + suffix))
            }
            try Paths.rename(arriving, to: path)
        } catch {
            for (companion, place) in aside {
                do throws(SystemError) {
                    try Paths.rename(place, to: companion)
                } catch let second {
                    throw SQLiteFailure(
                        code: 0,
                        message:
                            "\(error); and \(companion) could not be put back (\(second)): it is \(place)"
                    )
                }
            }
            throw error
        }
        // They are kept, and mean nothing here any more.
        for (_, place) in aside { try? Paths.remove(place) }
    }

    /// On stable storage when it returns.
    private static func copy(_ source: String, to target: String, like status: FileStatus?) throws {
        let from = try OpenFile.reading(path: source)
        let file = try OpenFile.creating(path: target, mode: 0o600)
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { room.deallocate() }
        while true {
            let count = try from.read(into: room)
            if count == 0 { break }
            try file.write(UnsafeRawBufferPointer(rebasing: room[..<count]))
        }
        if let status {
            // As root only; whoever may write the file already keeps it.
            try? file.setOwner(status.userID, status.groupID)
            try file.setPermissions(status.mode & 0o7777)
        }
        try file.synchronize()
    }
}
