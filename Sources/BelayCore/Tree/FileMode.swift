/// Permission and type bits as restic writes them, which are not those of `st_mode`.
///
/// Layout: shared format notes, "Mode bits" (docs/internals/format.md).
@frozen
package struct FileMode: Hashable, Sendable {
    package var rawValue: UInt32

    @inlinable
    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    package static let directory: UInt32 = 1 << 31
    package static let symlink: UInt32 = 1 << 27
    package static let device: UInt32 = 1 << 26
    package static let fifo: UInt32 = 1 << 25
    package static let socket: UInt32 = 1 << 24
    package static let setUserID: UInt32 = 1 << 23
    package static let setGroupID: UInt32 = 1 << 22
    package static let characterDevice: UInt32 = 1 << 21
    package static let sticky: UInt32 = 1 << 20

    /// The mode for the `st_mode` of a file.
    @inlinable
    package init(posix mode: UInt32) {
        var value = mode & 0o777
        switch mode & 0o170000 {
        case 0o040000: value |= Self.directory
        case 0o120000: value |= Self.symlink
        case 0o060000: value |= Self.device
        case 0o020000: value |= Self.device | Self.characterDevice
        case 0o010000: value |= Self.fifo
        case 0o140000: value |= Self.socket
        default: break
        }
        if mode & 0o4000 != 0 { value |= Self.setUserID }
        if mode & 0o2000 != 0 { value |= Self.setGroupID }
        if mode & 0o1000 != 0 { value |= Self.sticky }
        self.rawValue = value
    }

    /// Permission, set-id and sticky bits as `chmod` takes them (up to 0o7777).
    @inlinable
    package var posixPermissions: UInt32 {
        var value = rawValue & 0o777
        if rawValue & Self.setUserID != 0 { value |= 0o4000 }
        if rawValue & Self.setGroupID != 0 { value |= 0o2000 }
        if rawValue & Self.sticky != 0 { value |= 0o1000 }
        return value
    }
}
