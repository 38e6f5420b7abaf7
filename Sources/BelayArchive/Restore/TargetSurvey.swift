import BelayCore
import BelaySystem

/// Looks at what is in the target already.
struct TargetSurvey {
    let request: RestoreRequest
    /// Directories of the snapshot in whose place something else stands, as paths below the target.
    private(set) var obstacles: [String] = []
    /// For each directory, whether the target has it.
    private var present: [Bool] = []

    init(_ request: RestoreRequest) {
        self.request = request
    }

    /// Settles for each file what is done with it, and finds what stands in the way of directories.
    ///
    /// Costs nothing where the target is missing or empty. What is there may change until the restore comes
    /// to it: then it is looked at again.
    ///
    /// - Throws: `target.not-usable`.
    mutating func settle(_ tables: inout RestoreTables) throws {
        let root: Folder
        do throws(SystemError) {
            guard try Paths.status(request.target) != nil else { return }
            root = try Folder.open(path: request.target)
            var listing = DirectoryListing()
            try listing.read(root)
            if listing.count == 0 { return }
        } catch {
            throw BelayError(
                .targetNotUsable,
                "cannot restore into \(request.target)",
                hint: "name a directory that you may write to with --to",
                cause: error
            )
        }
        var folders = TargetFolders(root: root, tables: tables)
        settleFolders(tables, &folders)
        if request.overwrite == .always { return }
        for number in tables.files.indices { settleFile(number, &tables, &folders) }
        replaceLinks(&tables, &folders)
        for number in tables.links.indices { settleLink(number, &tables, &folders) }
        for number in tables.others.indices {
            let other = tables.others[number]
            guard let status = status(other.folder, other.name, tables, &folders) else { continue }
            tables.others[number].action = request.overwrite.action(
                size: nil,
                modified: other.metadata.modified,
                existing: status
            )
        }
    }

    private mutating func settleFolders(_ tables: RestoreTables, _ folders: inout TargetFolders) {
        present = [Bool](repeating: false, count: tables.folders.count)
        present[0] = true
        for number in tables.folders.indices.dropFirst() {
            let record = tables.folders[number]
            guard let status = status(record.parent, record.name, tables, &folders) else { continue }
            present[number] = status.isDirectory
            if !status.isDirectory { obstacles.append(tables.displayPath(UInt32(number), nil)) }
        }
    }

    private func settleFile(_ number: Int, _ tables: inout RestoreTables, _ folders: inout TargetFolders) {
        let record = tables.files[number]
        guard let status = status(record.folder, record.name, tables, &folders) else { return }
        tables.files[number].action = request.overwrite.action(
            size: record.size,
            modified: record.metadata.modified,
            existing: status
        )
    }

    private func settleLink(_ number: Int, _ tables: inout RestoreTables, _ folders: inout TargetFolders) {
        let link = tables.links[number]
        guard let existing = status(link.folder, link.name, tables, &folders) else { return }
        let file = tables.files[Int(link.file)]
        // A file that stays may have this name already.
        if file.action == .setMetadata, let present = status(file.folder, file.name, tables, &folders),
            present.inode == existing.inode, present.deviceID == existing.deviceID
        {
            tables.links[number].action = .setMetadata
            return
        }
        tables.links[number].action = request.overwrite.action(
            size: nil,
            modified: file.metadata.modified,
            existing: existing
        )
    }

    /// Gives the further names of files that are left alone a file of their own, since what is there under
    /// the first name may be anything.
    private func replaceLinks(_ tables: inout RestoreTables, _ folders: inout TargetFolders) {
        var links: [LinkRecord] = []
        var substitutes: [UInt32: UInt32] = [:]
        for var link in tables.links {
            while let substitute = substitutes[link.file] { link.file = substitute }
            if tables.files[Int(link.file)].action != .leaveAlone {
                links.append(link)
                continue
            }
            var file = tables.files[Int(link.file)]
            file.folder = link.folder
            file.name = link.name
            file.action = .write
            substitutes[link.file] = UInt32(tables.files.count)
            tables.files.append(file)
            settleFile(tables.files.count - 1, &tables, &folders)
        }
        tables.links = links
    }

    /// What is in the target under a name; `nil` if nothing is, or nothing that can be looked at.
    private func status(
        _ folder: UInt32,
        _ name: UInt32,
        _ tables: RestoreTables,
        _ folders: inout TargetFolders
    ) -> FileStatus? {
        guard present[Int(folder)] else { return nil }
        // A directory that cannot be opened now will be told of when something is to be made in it.
        guard let folder = try? folders.folder(folder) else { return nil }
        return folder.status(at: tables.names.cString(name))
    }
}
