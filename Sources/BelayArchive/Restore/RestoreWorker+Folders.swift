import BelayCore
import BelaySystem

// Directories: made before everything else, finished after everything else.
extension RestoreWorker {
    /// Makes a directory that only we can enter, or takes the one that is there.
    func makeFolder(_ number: UInt32) throws {
        let record = run.tables.folders[Int(number)]
        let name = run.tables.names.cString(record.name)
        if run.isLost(folder: record.parent) { return run.lose(folder: number, nil) }
        do throws(SystemError) {
            let parent = try folders.folder(record.parent)
            do throws(SystemError) {
                try parent.makeFolder(at: name)
            } catch {
                guard error.isExisting else { throw error }
                try takeExisting(number, name, in: parent)
            }
            counts.folders += 1
            run.progress.add(entries: 1, bytes: 0)
        } catch {
            try stopIfGeneral(error)
            let reason =
                error.isExisting ? "something that is not a directory stands in its place" : error.reason
            run.lose(folder: number, "\(reason); nothing below it is restored")
        }
    }

    private func takeExisting(
        _ number: UInt32,
        _ name: UnsafePointer<CChar>,
        in parent: Folder
    ) throws(SystemError) {
        if parent.status(at: name)?.isDirectory == true {
            // One that cannot be entered is told of when something is to be made in it.
            if let folder = try? folders.folder(number) { TemporaryNames.removeLeftOvers(in: folder) }
            return run.merge(folder: number)
        }
        guard run.plan.request.overwrite == .always else {
            throw SystemError(call: "mkdir", subject: "", number: 17)  // EEXIST
        }
        // The plan told of it.
        try parent.remove(at: name)
        try parent.makeFolder(at: name)
    }

    /// Sets what belongs to a directory itself; nothing is written below it any more.
    func finishFolder(_ number: UInt32) throws {
        if run.isLost(folder: number) { return }
        if run.plan.request.overwrite == .never && run.isMerged(folder: number) { return }
        let record = run.tables.folders[Int(number)]
        do throws(SystemError) {
            let folder = try folders.folder(number)
            apply(record.metadata, to: folder, kind: .directory, folder: number, name: nil)
        } catch {
            try stopIfGeneral(error)
            run.warn(.permissions, number, nil, error)
        }
    }
}
