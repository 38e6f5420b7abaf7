import BelayCore
import BelayRepository
import BelaySystem

/// One of the threads of a restore, with memory and contexts of its own.
final class RestoreWorker {
    let run: RestoreRun
    let decoder: BlobDecoder
    var folders: TargetFolders
    /// Opened chunks, each with its uses.
    var batch = PlainBatch<Range<Int>>()
    var counts = RestoreCounts()
    /// Uses of chunks that were not what they should be where they were read first.
    var damaged: [Range<Int>] = []

    init(_ run: RestoreRun) {
        self.run = run
        decoder = BlobDecoder(run.repository)
        folders = TargetFolders(root: run.root, tables: run.tables)
    }

    /// The directory with that number; `nil` if it, or one above, is lost, which was told already.
    func folder(_ number: UInt32) throws(SystemError) -> Folder? {
        do throws(SystemError) {
            return try folders.folder(number)
        } catch {
            var above = number
            while above != 0 {
                if run.isLost(folder: above) { return nil }
                above = run.tables.folders[Int(above)].parent
            }
            throw error
        }
    }

    /// Ends the run if an error of the system concerns more than one entry.
    func stopIfGeneral(_ error: SystemError) throws {
        guard error.stopsWriting || error.isOutOfDescriptors else { return }
        throw BelayError(
            .targetNotUsable,
            "cannot restore into \(run.plan.request.target): \(error.reason)",
            hint: error.isOutOfDescriptors
                ? "raise the limit of open files with `ulimit -n`"
                : "free some space or name another directory, then run the same command again",
            cause: error
        )
    }

    /// Makes an entry under its own name if that is free, else beside what is there, which it then replaces.
    ///
    /// `make` makes the entry, complete, under the name it is given, or leaves nothing; `number` tells
    /// temporary names apart. What is there decides, by the policy, what is done, and that is returned.
    func place(
        _ name: UInt32,
        in folder: Folder,
        size: UInt64?,
        modified: Timestamp,
        number: (Character, UInt32),
        make: (UnsafePointer<CChar>) throws(SystemError) -> Void
    ) throws(SystemError) -> FileAction {
        let final = run.tables.names.cString(name)
        do throws(SystemError) {
            try make(final)
            return .write
        } catch {
            guard error.isExisting else { throw error }
        }
        if let existing = folder.status(at: final) {
            let action = run.plan.request.overwrite.action(size: size, modified: modified, existing: existing)
            guard action == .write else { return action }
        }
        return try run.temporaryNames.name(number.0, number.1).withPointer {
            (temporary) throws(SystemError) in
            try make(temporary)
            try moveIntoPlace(temporary, final, in: folder)
            return .write
        }
    }

    /// Gives an entry that is complete its own name; removes it if that cannot be.
    func moveIntoPlace(
        _ temporary: UnsafePointer<CChar>,
        _ final: UnsafePointer<CChar>,
        in folder: Folder
    ) throws(SystemError) {
        do throws(SystemError) {
            do throws(SystemError) {
                try folder.rename(at: temporary, to: final, replaces: true)
            } catch {
                guard error.isFolderInTheWay, run.plan.request.overwrite == .always else { throw error }
                // Only an empty directory goes: what is in it is in no snapshot that we know of.
                try folder.removeFolder(at: final)
                try folder.rename(at: temporary, to: final, replaces: true)
            }
        } catch {
            // What went wrong first is what is told; a stray temporary file is harmless.
            try? folder.remove(at: temporary)
            throw error
        }
    }

    /// Sets owner, attributes, times and permissions, in this order.
    ///
    /// A change of owner takes set-user-ID away, and capabilities with it; an access list sets permissions.
    /// So permissions come last. What cannot be set is told as a warning: the entry is safe to have without.
    func apply<Target: MetadataTarget & ~Copyable>(
        _ metadata: EntryMetadata,
        to target: borrowing Target,
        kind: Node.Kind,
        folder: UInt32,
        name: UInt32?
    ) {
        var permissions = UInt32(metadata.permissions)
        do throws(SystemError) {
            try target.setOwner(metadata.userID, metadata.groupID)
        } catch {
            run.warn(.ownership, folder, name, error)
            // A program must not run with the rights of an owner that nobody chose.
            if kind != .directory && kind != .symlink && permissions & 0o6000 != 0 {
                permissions &= 0o1777
                run.warn(.setID, folder, name, because: "its owner is another one")
            }
        }
        do throws(SystemError) {
            // New symlinks have none, and nothing is there to be inherited.
            if metadata.attributes > 0 || kind != .symlink {
                try target.setAttributes(run.tables.attributes(of: metadata))
            }
        } catch {
            run.warn(.attributes, folder, name, error)
        }
        do throws(SystemError) {
            try target.setTimes(accessed: metadata.accessed, modified: metadata.modified)
        } catch {
            run.warn(.times, folder, name, error)
        }
        if kind == .symlink { return }
        do throws(SystemError) {
            try target.setPermissions(permissions)
        } catch {
            run.warn(.permissions, folder, name, error)
        }
    }
}

extension FileName {
    /// Calls `body` with the name as the system wants it.
    func withPointer<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let block = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count + 1)
        defer { block.deallocate() }
        for (index, byte) in bytes.enumerated() { block[index] = CChar(bitPattern: byte) }
        block[bytes.count] = 0
        // Invariant: the block holds at least the terminator, so it has an address.
        return try body(UnsafePointer(block.baseAddress.unsafelyUnwrapped))
    }
}
