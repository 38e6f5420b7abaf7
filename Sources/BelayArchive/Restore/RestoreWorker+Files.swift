import BelayCore
import BelayRepository
import BelaySystem

// Regular files: those of a single chunk are made in one go, others under a temporary name until they are
// whole.
extension RestoreWorker {
    /// Writes a chunk, which was checked, to each place it belongs in.
    func write(_ plain: UnsafeRawBufferPointer, to uses: Range<Int>) throws {
        // A chunk of zeros may belong in very many places; it is written to none.
        let isZero = uses.count > 1 && SparseWriting.isZero(plain, plain.indices)
        for use in run.plan.contents.uses[uses] {
            if run.isOver { return }
            let record = run.tables.files[Int(use.file)]
            if record.chunkCount == 1 {
                try writeWhole(use.file, record, isZero ? nil : plain)
            } else {
                try writePart(use, record, isZero ? nil : plain)
            }
        }
    }

    /// Makes a file of one chunk, or of none; `plain` is `nil` if all of it is zero.
    func writeWhole(_ number: UInt32, _ record: FileRecord, _ plain: UnsafeRawBufferPointer?) throws {
        do throws(SystemError) {
            guard let folder = try folder(record.folder) else { return }
            let action = try place(
                record.name,
                in: folder,
                size: record.size,
                modified: record.metadata.modified,
                number: ("f", number)
            ) { (name) throws(SystemError) in
                let file = try folder.createFile(at: name)
                do throws(SystemError) {
                    let end = try plain.map { (plain) throws(SystemError) in
                        try SparseWriting.write(plain, to: file, at: 0)
                    }
                    if UInt64(end ?? 0) < record.size { try file.resize(to: record.size) }
                    apply(record.metadata, to: file, kind: .file, folder: record.folder, name: record.name)
                } catch {
                    // What went wrong first is what is told; if the file cannot be removed either, its name
                    // is.
                    try? folder.remove(at: name)
                    throw error
                }
            }
            try finish(number, record, action, in: folder)
        } catch {
            try stopIfGeneral(error)
            lose(number, error.reason)
        }
    }

    private func writePart(
        _ use: ContentPlan.Use,
        _ record: FileRecord,
        _ plain: UnsafeRawBufferPointer?
    ) throws {
        do throws(SystemError) {
            guard let folder = try folder(record.folder) else { return }
            try run.temporaryNames.name("f", use.file).withPointer { (temporary) throws(SystemError) in
                let partial = try openPartial(use.file, record, temporary, in: folder)
                if let partial, let plain {
                    _ = try SparseWriting.write(plain, to: partial.file, at: use.fileOffset)
                }
                guard case .whole(let open) = run.partials.finishChunk(use.file) else { return }
                try finishPartial(use.file, record, open, temporary, in: folder)
            }
            let length = run.index.location(of: .data, at: Int(use.position)).plainLength
            run.progress.add(entries: 0, bytes: UInt64(length))
        } catch {
            try stopIfGeneral(error)
            lose(use.file, error.reason)
            _ = run.partials.finishChunk(use.file)
        }
    }

    private func openPartial(
        _ number: UInt32,
        _ record: FileRecord,
        _ temporary: UnsafePointer<CChar>,
        in folder: Folder
    ) throws(SystemError) -> OpenPartial? {
        try run.partials.open(number, chunks: record.chunkCount) { () throws(SystemError) -> OpenPartial in
            let partial = OpenPartial(try folder.createFile(at: temporary))
            do throws(SystemError) {
                try partial.file.resize(to: record.size)
            } catch {
                // As above.
                try? folder.remove(at: temporary)
                throw error
            }
            return partial
        } reopen: { () throws(SystemError) -> OpenPartial in
            OpenPartial(try folder.reopenFile(at: temporary))
        }
    }

    private func finishPartial(
        _ number: UInt32,
        _ record: FileRecord,
        _ open: OpenPartial?,
        _ temporary: UnsafePointer<CChar>,
        in folder: Folder
    ) throws(SystemError) {
        let final = run.tables.names.cString(record.name)
        do throws(SystemError) {
            let partial: OpenPartial
            if let open {
                partial = open
            } else {
                partial = OpenPartial(try folder.reopenFile(at: temporary))
            }
            apply(record.metadata, to: partial.file, kind: .file, folder: record.folder, name: record.name)
        } catch {
            // As above.
            try? folder.remove(at: temporary)
            throw error
        }
        do throws(SystemError) {
            try folder.rename(at: temporary, to: final, replaces: false)
        } catch {
            var action = FileAction.write
            if error.isExisting, let existing = folder.status(at: final) {
                action = run.plan.request.overwrite.action(
                    size: record.size,
                    modified: record.metadata.modified,
                    existing: existing
                )
            }
            guard action == .write else {
                // Somebody put it there since the plan was made, and it is to stay; ours is not needed.
                try? folder.remove(at: temporary)
                return try finish(number, record, action, in: folder)
            }
            // Also where a file system cannot rename without replacing.
            try moveIntoPlace(temporary, final, in: folder)
        }
        counts.files += 1
        counts.bytes += record.size
        run.progress.add(entries: 1, bytes: 0)
    }

    /// Counts a file, and sets the metadata of one whose contents are believed.
    func finish(
        _ number: UInt32,
        _ record: FileRecord,
        _ action: FileAction,
        in folder: Folder
    ) throws(SystemError) {
        switch action {
        case .write:
            counts.files += 1
            counts.bytes += record.size
        case .setMetadata:
            let entry = try folder.pin(at: run.tables.names.cString(record.name))
            // What was looked at may not be what is there now.
            guard try entry.status().isRegular else {
                throw SystemError(call: "open", subject: "", number: 116)  // ESTALE
            }
            apply(record.metadata, to: entry, kind: .file, folder: record.folder, name: record.name)
            counts.unchanged += 1
        case .leaveAlone:
            counts.skipped += 1
        }
        run.progress.add(entries: 1, bytes: record.chunkCount > 1 ? 0 : record.size)
    }

    /// Says that a file is not restored, and takes away what there is of it.
    func lose(_ number: UInt32, _ reason: String) {
        run.lose(number, reason)
        let record = run.tables.files[Int(number)]
        guard record.chunkCount > 1, run.partials.lose(number, chunks: record.chunkCount) else { return }
        removeUnfinished(number)
    }

    /// Takes away the temporary file of a file that will not be finished.
    func removeUnfinished(_ number: UInt32) {
        let record = run.tables.files[Int(number)]
        // A stray temporary file is harmless, and says by its name what it is.
        guard let folder = try? folder(record.folder) else { return }
        try? folder.remove(run.temporaryNames.name("f", number))
    }
}
