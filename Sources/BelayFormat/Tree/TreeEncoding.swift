package import BelayCore

/// Trees as the JSON text whose SHA-256 is their id.
///
/// restic reads other texts too, but compares re-encoded ones byte for byte, and equal directories share a
/// blob only if their texts are equal. So this is the only way a tree is ever written.
package enum TreeEncoding {
    /// The text of a tree of these nodes, which are sorted by name.
    ///
    /// Each name should be there once; a damaged tree that was read may have one twice.
    package static func encode(_ nodes: [Node]) -> [UInt8] {
        var target: [UInt8] = []
        target.reserveCapacity(32 + nodes.count * 420)
        append(nodes, to: &target)
        return target
    }

    /// Appends the text of a tree to `target`.
    package static func append(_ nodes: [Node], to target: inout [UInt8]) {
        precondition(
            zip(nodes, nodes.dropFirst()).allSatisfy { !($1.name < $0.name) },
            "the nodes of a tree are sorted by name"
        )
        appendAsTheyAre(nodes, to: &target)
    }

    /// Appends the text of what was read, even if it is not in order: to compare it with what was stored.
    static func appendAsTheyAre(_ nodes: [Node], to target: inout [UInt8]) {
        var writer = JSONWriter(appendingTo: consume target)
        target = []
        writer.beginObject()
        writer.key("nodes")
        writer.beginArray()
        for node in nodes { write(node, to: &writer) }
        writer.endArray()
        writer.endObject()
        target = writer.takeBytes()
        target.append(0x0A)
    }

    /// The text of one node.
    package static func encode(_ node: Node) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 512)
        write(node, to: &writer)
        return writer.bytes
    }

    private static func write(_ node: Node, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("name")
        writer.string { (target: inout [UInt8]) in NameQuoting.append(node.name, to: &target) }
        writer.key("type")
        writer.string(literal: node.kind.literal)
        writer.nonZero("mode", UInt64(node.mode.rawValue))
        writer.key("mtime")
        writer.timestamp(node.modified)
        writer.key("atime")
        writer.timestamp(node.accessed)
        writer.key("ctime")
        writer.timestamp(node.changed)
        writer.member("uid", UInt64(node.userID))
        writer.member("gid", UInt64(node.groupID))
        writer.nonEmpty("user", node.user)
        writer.nonEmpty("group", node.group)
        writer.nonZero("inode", node.inode)
        writer.nonZero("device_id", node.deviceID)
        writer.nonZero("size", node.size)
        writer.nonZero("links", node.links)
        writeLinkTarget(node.linkTarget, to: &writer)
        writeAttributes(node.extendedAttributes, to: &writer)
        if !node.genericAttributes.isEmpty {
            writer.key("generic_attributes")
            writer.raw(node.genericAttributes)
        }
        writer.nonZero("device", node.device)
        writeContent(node.content, to: &writer)
        writer.optional("subtree", node.subtree?.digest)
        writer.nonEmpty("error", node.error)
        writer.endObject()
    }

    private static func writeLinkTarget(_ target: [UInt8], to writer: inout JSONWriter) {
        guard !target.isEmpty else { return }
        writer.key("linktarget")
        target.withBytes { writer.string(utf8: $0) }
        if !target.withBytes({ UTF8Scalar.isValid($0) }) {
            writer.key("linktarget_raw")
            writer.base64(target)
        }
    }

    private static func writeAttributes(
        _ attributes: [Node.ExtendedAttribute],
        to writer: inout JSONWriter
    ) {
        guard !attributes.isEmpty else { return }
        writer.key("extended_attributes")
        writer.beginArray()
        for attribute in attributes {
            writer.beginObject()
            writer.key("name")
            writer.string(attribute.name)
            writer.key("value")
            writer.base64(attribute.value)
            writer.endObject()
        }
        writer.endArray()
    }

    private static func writeContent(_ content: [BlobID]?, to writer: inout JSONWriter) {
        writer.key("content")
        guard let content else { return writer.null() }
        writer.beginArray()
        for id in content { writer.digest(id.digest) }
        writer.endArray()
    }
}

extension Node.Kind {
    /// ``word`` as a literal.
    fileprivate var literal: StaticString {
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
