/// One entry of a tree: a file, a directory, or something else with a name.
///
/// The fields are restic's, in restic's order; what is empty or zero is left out of the stored text.
package struct Node: Hashable, Sendable {
    /// What a node stands for.
    package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        case file, directory, symlink, blockDevice, characterDevice, fifo, socket
    }

    /// An extended attribute; POSIX ACLs are two of them.
    package struct ExtendedAttribute: Hashable, Sendable {
        package var name: String
        package var value: [UInt8]

        package init(name: String, value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    package var name: FileName
    package var kind: Kind
    package var mode: FileMode
    package var modified: Timestamp
    package var accessed: Timestamp
    package var changed: Timestamp
    package var userID: UInt32
    package var groupID: UInt32
    /// Name of the owner on the source machine; empty if unknown.
    package var user: String
    package var group: String
    package var inode: UInt64
    /// `st_dev` of the file system that holds the entry.
    package var deviceID: UInt64
    /// Length of a regular file, in bytes; 0 for everything else.
    package var size: UInt64
    /// Number of hard links; 0 for directories and FIFOs.
    package var links: UInt64
    /// Target of a symlink, any bytes.
    package var linkTarget: [UInt8]
    package var extendedAttributes: [ExtendedAttribute]
    /// Attributes of other systems as the JSON object that was read, copied unchanged; empty if there are none.
    package var genericAttributes: [UInt8]
    /// `st_rdev` of a device node.
    package var device: UInt64
    /// The data blobs of a regular file in order; `nil` is what other kinds have.
    package var content: [BlobID]?
    /// The tree blob of a directory.
    package var subtree: BlobID?
    /// Written by old versions of restic only.
    package var error: String

    package init(
        name: FileName,
        kind: Kind,
        mode: FileMode = FileMode(rawValue: 0),
        modified: Timestamp = .missing,
        accessed: Timestamp = .missing,
        changed: Timestamp = .missing,
        userID: UInt32 = 0,
        groupID: UInt32 = 0,
        user: String = "",
        group: String = "",
        inode: UInt64 = 0,
        deviceID: UInt64 = 0,
        size: UInt64 = 0,
        links: UInt64 = 0,
        linkTarget: [UInt8] = [],
        extendedAttributes: [ExtendedAttribute] = [],
        genericAttributes: [UInt8] = [],
        device: UInt64 = 0,
        content: [BlobID]? = nil,
        subtree: BlobID? = nil,
        error: String = ""
    ) {
        self.name = name
        self.kind = kind
        self.mode = mode
        self.modified = modified
        self.accessed = accessed
        self.changed = changed
        self.userID = userID
        self.groupID = groupID
        self.user = user
        self.group = group
        self.inode = inode
        self.deviceID = deviceID
        self.size = size
        self.links = links
        self.linkTarget = linkTarget
        self.extendedAttributes = extendedAttributes
        self.genericAttributes = genericAttributes
        self.device = device
        self.content = content
        self.subtree = subtree
        self.error = error
    }
}

extension Node.Kind {
    /// The word restic writes.
    package var word: String {
        switch self {
        case .file: "file"
        case .directory: "dir"
        case .symlink: "symlink"
        case .blockDevice: "dev"
        case .characterDevice: "chardev"
        case .fifo: "fifo"
        case .socket: "socket"
        }
    }
}

/// A directory's entries, ordered by the bytes of their names, each name once.
package struct Tree: Hashable, Sendable {
    package var nodes: [Node]

    package init(nodes: [Node]) {
        self.nodes = nodes
    }

    /// The entry with that name, found by binary search.
    package func node(named name: FileName) -> Node? {
        var low = 0
        var high = nodes.count
        while low < high {
            let middle = (low + high) / 2
            if nodes[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low < nodes.count && nodes[low].name == name ? nodes[low] : nil
    }
}
