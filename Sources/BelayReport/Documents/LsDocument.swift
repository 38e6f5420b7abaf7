package import BelayCore
package import BelayWorkflows

/// The line of a listing that names the snapshot; nothing in the text for people.
package struct LsSnapshotDocument: ReportDocument {
    package let messageType = "snapshot"
    package let structType = "snapshot"
    package let id: String
    package let shortID: String
    package let time: String
    package let parent: String?
    package let tree: String
    package let paths: [String]
    package let hostname: String
    package let username: String
    package let tags: [String]
    package let program: String
    package let notices: [SnapshotNoticeDocument]?

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case structType = "struct_type"
        case id
        case shortID = "short_id"
        case time, parent, tree, paths, hostname, username, tags, notices
        case program = "program_version"
    }

    package init(_ stored: StoredSnapshot, in workspace: Workspace) {
        id = stored.id.hexadecimal
        shortID = stored.id.short
        time = InstantText.of(stored.snapshot.time)
        parent = stored.snapshot.parent?.hexadecimal
        tree = stored.snapshot.tree.hexadecimal
        paths = stored.snapshot.paths
        hostname = stored.snapshot.hostname
        username = stored.snapshot.username
        tags = stored.snapshot.tags
        program = stored.snapshot.programVersion
        notices = SnapshotNoticeDocument.all(workspace.notices.all)
    }

    package func text(_ style: TextStyle) -> String { "" }
}

/// One entry of a listing, in restic's fields and some more.
package struct LsNodeDocument: ReportDocument {
    private let entry: ListedEntry
    private let isLong: Bool
    private let zone: TimeZoneRules

    package init(_ entry: ListedEntry, isLong: Bool, zone: TimeZoneRules) {
        self.entry = entry
        self.isLong = isLong
        self.zone = zone
    }

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case structType = "struct_type"
        case name, type, path, uid, gid, user, group, size, mode, permissions, mtime, atime, ctime, inode
        case linkTarget = "linktarget"
    }

    package func encode(to encoder: any Encoder) throws {
        let node = entry.node
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("node", forKey: .messageType)
        try container.encode("node", forKey: .structType)
        try container.encode(node.name.description, forKey: .name)
        try container.encode(node.kind.word, forKey: .type)
        try container.encode("/" + String(decoding: entry.path, as: UTF8.self), forKey: .path)
        try container.encode(node.userID, forKey: .uid)
        try container.encode(node.groupID, forKey: .gid)
        if !node.user.isEmpty { try container.encode(node.user, forKey: .user) }
        if !node.group.isEmpty { try container.encode(node.group, forKey: .group) }
        if node.kind == .file { try container.encode(node.size, forKey: .size) }
        try container.encode(node.mode.rawValue, forKey: .mode)
        try container.encode(ModeText.restic(node.mode), forKey: .permissions)
        try container.encode(InstantText.of(node.modified), forKey: .mtime)
        try container.encode(InstantText.of(node.accessed), forKey: .atime)
        try container.encode(InstantText.of(node.changed), forKey: .ctime)
        if node.inode > 0 { try container.encode(node.inode, forKey: .inode) }
        if node.kind == .symlink {
            try container.encode(String(decoding: node.linkTarget, as: UTF8.self), forKey: .linkTarget)
        }
    }

    package func text(_ style: TextStyle) -> String {
        let node = entry.node
        var path = PrintableText.of(String(decoding: entry.argument, as: UTF8.self))
        if node.kind == .directory {
            path += "/"
            path = style.strong(path)
        }
        guard isLong else { return path }
        let owner = Self.account(node.user, node.userID)
        let group = Self.account(node.group, node.groupID)
        let size = node.kind == .file ? "\(node.size)" : "-"
        var line = "\(ModeText.list(node))  \(Self.padded(owner, 8)) \(Self.padded(group, 8)) "
        line += String(repeating: " ", count: max(0, 12 - size.count)) + size
        line += "  \(node.modified.localText(in: zone))  \(path)"
        if node.kind == .symlink {
            line += " -> \(PrintableText.of(String(decoding: node.linkTarget, as: UTF8.self)))"
        }
        return line
    }

    private static func account(_ name: String, _ id: UInt32) -> String {
        name.isEmpty ? "\(id)" : PrintableText.of(name)
    }

    /// Rows come one by one, so that columns have fixed widths and give way only to what is longer.
    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
