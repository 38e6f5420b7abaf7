import BelayCore
import BelaySystem

// What has no contents to wait for: empty files, files that are there, symlinks, special files, further
// names.
extension RestoreWorker {
    /// Makes a file without contents, or sets the metadata of one that is there already.
    func finishWithoutContents(_ number: UInt32) throws {
        let record = run.tables.files[Int(number)]
        if record.action == .write { return try writeWhole(number, record, nil) }
        do throws(SystemError) {
            guard let folder = try folder(record.folder) else { return }
            try finish(number, record, record.action, in: folder)
        } catch {
            try stopIfGeneral(error)
            lose(number, error.reason)
        }
    }

    /// Makes a symlink, FIFO, socket or device node.
    func makeOther(_ number: UInt32) throws {
        let record = run.tables.others[Int(number)]
        do throws(SystemError) {
            guard let folder = try folder(record.folder) else { return }
            let action = try place(
                record.name,
                in: folder,
                size: nil,
                modified: record.metadata.modified,
                number: ("o", number)
            ) { (name) throws(SystemError) in
                if record.kind == .symlink {
                    try folder.makeSymlink(at: name, target: run.tables.names.cString(record.linkTarget))
                } else {
                    try folder.makeSpecial(at: name, kind: record.kind, device: record.device)
                }
                let entry = try folder.pin(at: name)
                // If somebody has put another thing there in the meantime, that is not ours to change.
                let status = try entry.status()
                guard status.kind == record.kind, status.links == 1 else {
                    throw SystemError(call: "open", subject: "", number: 116)  // ESTALE
                }
                apply(record.metadata, to: entry, kind: record.kind, folder: record.folder, name: record.name)
            }
            switch (action, record.kind) {
            case (.write, .symlink): counts.symlinks += 1
            case (.write, _): counts.specials += 1
            default: counts.skipped += 1
            }
            if action == .write { run.progress.add(entries: 1, bytes: 0) }
        } catch {
            try stopIfGeneral(error)
            run.fail(record.folder, record.name, error.reason)
        }
    }

    /// Gives a file that is in its place a further name.
    func makeLink(_ number: UInt32) throws {
        let record = run.tables.links[Int(number)]
        let file = run.tables.files[Int(record.file)]
        let name = run.tables.names.cString(record.name)
        let source = run.tables.names.cString(file.name)
        do throws(SystemError) {
            guard let folder = try folder(record.folder) else { return }
            guard !run.isLost(file: record.file), let sourceFolder = try self.folder(file.folder) else {
                let path = run.tables.displayPath(file.folder, named: file.name)
                return run.fail(record.folder, record.name, "\(path), the same file, is not restored")
            }
            if let existing = folder.status(at: name), let present = sourceFolder.status(at: source),
                existing.inode == present.inode, existing.deviceID == present.deviceID
            {
                counts.unchanged += 1
                run.progress.add(entries: 1, bytes: 0)
                return
            }
            let action = try place(
                record.name,
                in: folder,
                size: nil,
                modified: file.metadata.modified,
                number: ("l", number)
            ) { (name) throws(SystemError) in
                try folder.makeLink(at: name, to: source, in: sourceFolder)
            }
            if action == .write { counts.links += 1 } else { counts.skipped += 1 }
            if action == .write { run.progress.add(entries: 1, bytes: 0) }
        } catch {
            try stopIfGeneral(error)
            run.fail(record.folder, record.name, error.reason)
        }
    }
}
