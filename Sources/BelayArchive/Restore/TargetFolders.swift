import BelayCore
import BelaySystem

/// Open directories of the target, a bounded number of them; one for each worker.
///
/// A directory that is not open is reached from one that is, or from the root, a name at a time and through
/// no symlink: so it lies inside the target, however long its path is.
struct TargetFolders {
    /// Enough for the neighbourhood of what is being written, and little beside a usual limit of 1,024 files.
    private static let openMaximum = 96

    private let root: Folder
    private let records: [FolderRecord]
    private let names: NameBlock
    private var open: [UInt32: Folder] = [:]
    /// In the order in which they were opened; those before `oldest` are closed.
    private var order: [UInt32] = []
    private var oldest = 0
    private var last: (number: UInt32, folder: Folder)

    init(root: Folder, tables: RestoreTables) {
        self.root = root
        records = tables.folders
        names = tables.names
        last = (0, root)
    }

    /// The directory with that number, which must have been made.
    mutating func folder(_ number: UInt32) throws(SystemError) -> Folder {
        if last.number == number { return last.folder }
        var missing: [UInt32] = []
        var next = number
        while next != 0 && open[next] == nil {
            missing.append(next)
            next = records[Int(next)].parent
        }
        var folder = next == 0 ? root : open[next] ?? root
        while let child = missing.popLast() {
            folder = try folder.folder(named: FileName(names.bytes(records[Int(child)].name)))
            remember(child, folder)
        }
        last = (number, folder)
        return folder
    }

    private mutating func remember(_ number: UInt32, _ folder: Folder) {
        open[number] = folder
        order.append(number)
        guard order.count - oldest > Self.openMaximum else { return }
        open[order[oldest]] = nil
        oldest += 1
        if oldest > 4 * Self.openMaximum {
            order.removeFirst(oldest)
            oldest = 0
        }
    }
}
