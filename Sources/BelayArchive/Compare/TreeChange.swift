package import BelayCore

/// One entry that is not the same on both sides of a comparison.
package struct TreeChange: Sendable {
    /// In which respects an entry differs that both sides have.
    package struct Differences: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// A file here, a directory there.
        package static let kind = Differences(rawValue: 1)
        /// The bytes of a file, the target of a symlink, the number of a device.
        package static let content = Differences(rawValue: 2)
        /// Permissions, owner, time of modification, extended attributes.
        package static let metadata = Differences(rawValue: 4)
        /// The bytes differ although nothing else does, not even the times: a disk may have lost them.
        package static let unexplained = Differences(rawValue: 8)
    }

    /// Below the directories that are compared.
    package var path: [UInt8]
    /// `nil` if the entry was added.
    package var old: Node?
    /// `nil` if the entry was removed.
    package var new: Node?
    /// Empty unless both sides have the entry.
    package var differences: Differences

    package init(path: [UInt8], old: Node?, new: Node?) {
        self.path = path
        self.old = old
        self.new = new
        differences = []
        if let old, let new { differences = Self.differences(old, new) }
    }

    /// Whether there is anything to tell.
    package var isChange: Bool { old == nil || new == nil || !differences.isEmpty }

    /// Whether it is only about permissions, owner, times and attributes.
    package var isMetadataOnly: Bool { old != nil && new != nil && differences == .metadata }

    /// The entry that stands for the path: the new one if there is one.
    package var node: Node? { new ?? old }

    private static func differences(_ old: Node, _ new: Node) -> Differences {
        var differences: Differences = []
        if old.kind != new.kind { return .kind }
        if old.content ?? [] != new.content ?? [] || old.linkTarget != new.linkTarget
            || old.device != new.device
        {
            differences.insert(.content)
            if old.kind == .file && isUntouched(old, new) { differences.insert(.unexplained) }
        }
        if !hasSameMetadata(old, new) { differences.insert(.metadata) }
        return differences
    }

    /// Whether a restore of either gives the same entry, its contents aside.
    private static func hasSameMetadata(_ old: Node, _ new: Node) -> Bool {
        old.mode == new.mode && old.modified == new.modified && old.userID == new.userID
            && old.groupID == new.groupID && old.user == new.user && old.group == new.group
            && old.extendedAttributes == new.extendedAttributes
            && old.genericAttributes == new.genericAttributes
    }

    /// Whether the file system says that nobody has written to the file.
    private static func isUntouched(_ old: Node, _ new: Node) -> Bool {
        hasSameMetadata(old, new) && old.size == new.size && old.changed == new.changed
            && old.inode == new.inode
            && old.deviceID == new.deviceID
    }
}
