package import BelayCore
import CBelay

/// What the system knows of a file besides its contents.
@frozen
package struct FileStatus: Hashable, Sendable {
    package var inode: UInt64
    /// Of the file system that holds the file.
    package var deviceID: UInt64
    /// Of a device node, else 0.
    package var specialDevice: UInt64
    /// Bytes.
    package var size: UInt64
    /// Bytes that are allocated; less than ``size`` in a file with holes.
    package var allocatedSize: UInt64
    package var modified: Timestamp
    package var changed: Timestamp
    package var accessed: Timestamp
    /// `st_mode`, type and permissions.
    package var mode: UInt32
    package var userID: UInt32
    package var groupID: UInt32
    package var links: UInt64

    init(_ status: belay_status) {
        inode = status.inode
        deviceID = status.device
        specialDevice = status.special_device
        size = status.size
        allocatedSize = status.blocks.multipliedReportingOverflow(by: 512).partialValue
        modified = Timestamp(seconds: status.modified_seconds, nanoseconds: status.modified_nanoseconds)
        changed = Timestamp(seconds: status.changed_seconds, nanoseconds: status.changed_nanoseconds)
        accessed = Timestamp(seconds: status.accessed_seconds, nanoseconds: status.accessed_nanoseconds)
        mode = status.mode
        userID = status.user
        groupID = status.group
        links = status.links
    }

    /// What kind of thing it is; `nil` for kinds that a repository cannot hold.
    package var kind: Node.Kind? {
        switch mode & 0o170000 {
        case 0o100000: .file
        case 0o040000: .directory
        case 0o120000: .symlink
        case 0o060000: .blockDevice
        case 0o020000: .characterDevice
        case 0o010000: .fifo
        case 0o140000: .socket
        default: nil
        }
    }

    package var isDirectory: Bool { mode & 0o170000 == 0o040000 }
    package var isRegular: Bool { mode & 0o170000 == 0o100000 }

    /// Whether contents read under `self` are still what is there under `later`.
    package func holdsStill(until later: FileStatus) -> Bool {
        size == later.size && modified == later.modified && changed == later.changed && inode == later.inode
    }
}
