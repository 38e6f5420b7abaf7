package import BelayCore
import Synchronization

/// What should be known of the snapshot that a SNAP argument led to.
package enum SnapshotNotice: Hashable, Sendable {
    /// Files of snapshots cannot be read, so that what was chosen for its time may not be the one that was meant.
    case mayBeAnother([SnapshotID])
    /// It holds only some parts of the project; `whole` is the newest one that holds all.
    case isPartial(SnapshotID, parts: [String], whole: SnapshotID?)

    /// The stable name of the kind of notice, for scripts.
    package var code: String {
        switch self {
        case .mayBeAnother: "snapshot.unreadable"
        case .isPartial: "snapshot.partial"
        }
    }

    /// What holds, in words.
    package var message: String {
        switch self {
        case .mayBeAnother(let ids):
            "\(Self.unreadable(ids)), so a newer snapshot than the one that was taken may be there"
        case .isPartial(let id, let parts, _):
            "snapshot \(id.short) holds only \(parts.joined(separator: ", ")), not the whole project"
        }
    }

    /// One imperative sentence with the command to type.
    package var hint: String {
        switch self {
        case .mayBeAnother: Self.unreadableHint
        case .isPartial(_, _, let whole?): "type `\(whole.short)` for the newest that holds all of it"
        case .isPartial(_, _, nil): "run `belay backup` to store all of it"
        }
    }

    /// Files of snapshots that cannot be read, by the beginnings of their names.
    package static func unreadable(_ ids: [SnapshotID]) -> String {
        let names = ids.prefix(namesShown).map(\.short) + (ids.count > namesShown ? ["…"] : [])
        return "\(Count.text(ids.count, "snapshot file")) cannot be read (\(names.joined(separator: ", ")))"
    }

    /// What to do about files of snapshots that cannot be read.
    package static let unreadableHint =
        "run `belay verify`; put the file back from a copy of the repository, or drop it with `belay forget ID`"

    private static let namesShown = 3
}

/// The notices of a command, in the order in which they came up.
package final class SnapshotNotices: Sendable {
    private let list = Mutex<[SnapshotNotice]>([])

    package init() {}

    package var all: [SnapshotNotice] { list.withLock { $0 } }

    /// Adds a notice, once.
    func add(_ notice: SnapshotNotice) {
        list.withLock { if !$0.contains(notice) { $0.append(notice) } }
    }
}
