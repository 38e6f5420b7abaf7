import BelayCore

/// The fields of trees and nodes.
enum TreeReader {
    /// The last values of fields that are mostly equal from one node to the next, to be shared.
    struct RecentStrings {
        var user = ""
        var group = ""
    }

    static func nodes(in bytes: UnsafeRawBufferPointer) throws(FormatError) -> [Node] {
        var nodes: [Node] = []
        var strings = RecentStrings()
        var reader = JSONReader(bytes, of: "tree")
        try reader.enterObject()
        while let key = try reader.nextKey() {
            guard case "nodes" = key else {
                try reader.skipValue()
                continue
            }
            nodes = []
            if try reader.skipNull() { continue }
            try reader.enterArray()
            while try reader.nextElement() { nodes.append(try node(&reader, &strings)) }
        }
        try reader.finish()
        return nodes
    }

    static func node(
        _ reader: inout JSONReader,
        _ strings: inout RecentStrings
    ) throws(FormatError) -> Node {
        var node = Node(name: FileName([]), kind: .file)
        var kind: Node.Kind?
        var rawLinkTarget: [UInt8]?
        try reader.enterObject()
        while let key = try reader.nextKey() {
            if try reader.skipNull() { continue }
            switch key {
            case "name": node.name = try name(&reader)
            case "type": kind = try self.kind(&reader)
            case "mode": node.mode = FileMode(rawValue: try reader.unsigned32())
            case "mtime": node.modified = try reader.timestamp()
            case "atime": node.accessed = try reader.timestamp()
            case "ctime": node.changed = try reader.timestamp()
            case "uid": node.userID = try reader.unsigned32()
            case "gid": node.groupID = try reader.unsigned32()
            case "user": node.user = try shared(&strings.user, &reader)
            case "group": node.group = try shared(&strings.group, &reader)
            case "inode": node.inode = try reader.unsigned()
            case "device_id": node.deviceID = try reader.unsigned()
            case "size": node.size = try reader.unsigned()
            case "links": node.links = try reader.unsigned()
            case "linktarget": node.linkTarget = try reader.string().bytes
            case "linktarget_raw": rawLinkTarget = try reader.base64()
            case "extended_attributes": node.extendedAttributes = try attributes(&reader)
            case "generic_attributes": node.genericAttributes = try genericAttributes(&reader)
            case "device": node.device = try reader.unsigned()
            case "content": node.content = try content(&reader)
            case "subtree": node.subtree = BlobID(try reader.digest())
            case "error": node.error = try reader.string().text
            default: try reader.skipValue()
            }
        }
        guard let kind else { throw reader.malformed("a node has no type") }
        node.kind = kind
        if let rawLinkTarget, !rawLinkTarget.isEmpty { node.linkTarget = rawLinkTarget }
        return node
    }

    private static func name(_ reader: inout JSONReader) throws(FormatError) -> FileName {
        guard let name = NameQuoting.name(try reader.string()) else {
            throw reader.malformed("a name is not properly quoted")
        }
        return name
    }

    private static func kind(_ reader: inout JSONReader) throws(FormatError) -> Node.Kind {
        let word = try reader.string()
        return switch word {
        case "file": .file
        case "dir": .directory
        case "symlink": .symlink
        case "dev": .blockDevice
        case "chardev": .characterDevice
        case "fifo": .fifo
        case "socket": .socket
        default: throw reader.malformed("a node has the unknown type '\(word.text)'")
        }
    }

    /// The next string, taken from `recent` if it is the same.
    private static func shared(
        _ recent: inout String,
        _ reader: inout JSONReader
    ) throws(FormatError) -> String {
        let text = try reader.string()
        if text.isPlain, text.raw.elementsEqual(recent.utf8) { return recent }
        recent = text.text
        return recent
    }

    private static func attributes(
        _ reader: inout JSONReader
    ) throws(FormatError) -> [Node.ExtendedAttribute] {
        var attributes: [Node.ExtendedAttribute] = []
        try reader.enterArray()
        while try reader.nextElement() {
            var attribute = Node.ExtendedAttribute(name: "", value: [])
            try reader.enterObject()
            while let key = try reader.nextKey() {
                if try reader.skipNull() { continue }
                switch key {
                case "name": attribute.name = try reader.string().text
                case "value": attribute.value = try reader.base64()
                default: try reader.skipValue()
                }
            }
            attributes.append(attribute)
        }
        return attributes
    }

    /// The object as it stands; nothing for an empty one, which is not written.
    private static func genericAttributes(_ reader: inout JSONReader) throws(FormatError) -> [UInt8] {
        var probe = reader
        try probe.enterObject()
        let isEmpty = try probe.nextKey() == nil
        let text = try reader.skipValue()
        return isEmpty ? [] : [UInt8](text)
    }

    private static func content(_ reader: inout JSONReader) throws(FormatError) -> [BlobID] {
        var content: [BlobID] = []
        try reader.enterArray()
        while try reader.nextElement() { content.append(BlobID(try reader.digest())) }
        return content
    }
}
