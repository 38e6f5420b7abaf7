package import BelayCore

/// Writes a tar archive to a stream, an entry after the other; holds nothing of it.
///
/// What a plain header cannot say stands in pax records before it: long names, times to the nanosecond, large
/// sizes and ids, extended attributes (as `SCHILY.xattr.…`, which GNU tar, bsdtar and star read). Names are
/// written as the bytes they are. Sockets cannot be held.
package struct TarWriter: ~Copyable {
    private let sink: (UnsafeRawBufferPointer) throws -> Void
    /// Bytes of the present file that are still to come.
    private var bytesLeft: UInt64 = 0
    private var padding = 0

    /// A writer that gives `sink` the archive's bytes in order.
    package init(_ sink: @escaping (UnsafeRawBufferPointer) throws -> Void) {
        self.sink = sink
    }

    /// Begins an entry; exactly `node.size` bytes of a file must follow by ``write(_:)``.
    ///
    /// `false` if a tar archive cannot hold such an entry. The path has no slash at either end. A file that is
    /// another name of the one at `original`, which must be in the archive already, has no bytes of its own.
    package mutating func begin(
        _ node: Node,
        at path: [UInt8],
        asNameOf original: [UInt8]? = nil
    ) throws -> Bool {
        try requireWhole()
        guard let kind = original == nil ? TarHeader.Kind(node.kind) : .hardLink else { return false }
        var header = TarHeader(path: node.kind == .directory ? path + [0x2F] : path, kind: kind)
        header.permissions = node.mode.posixPermissions
        header.userID = UInt64(node.userID)
        header.groupID = UInt64(node.groupID)
        header.size = kind == .file ? node.size : 0
        header.modified = UInt64(clamping: node.modified.seconds)
        header.linkTarget = original ?? node.linkTarget
        header.user = Array(node.user.utf8)
        header.group = Array(node.group.utf8)
        if node.kind == .blockDevice || node.kind == .characterDevice {
            (header.deviceMajor, header.deviceMinor) = Self.numbers(ofDevice: node.device)
        }
        let records = PaxRecords(header, node).bytes
        if !records.isEmpty {
            // The name is for programs that do not know pax and take it for a file.
            var extended = TarHeader(path: Array("PaxHeaders/".utf8) + path.suffix(80), kind: .extended)
            extended.size = UInt64(records.count)
            extended.modified = header.modified
            try put(extended.block)
            try put(records)
            try put([UInt8](repeating: 0, count: Self.padding(UInt64(records.count))))
        }
        try put(header.block)
        bytesLeft = header.size
        padding = Self.padding(header.size)
        return true
    }

    /// Writes bytes of the file that was begun.
    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard UInt64(bytes.count) <= bytesLeft else { throw Self.wrongLength }
        bytesLeft -= UInt64(bytes.count)
        try sink(bytes)
        if bytesLeft == 0 { try pad() }
    }

    /// Ends the archive.
    package mutating func finish() throws {
        try requireWhole()
        try put([UInt8](repeating: 0, count: 2 * TarHeader.blockSize))
    }

    private mutating func requireWhole() throws {
        guard bytesLeft == 0 else { throw Self.wrongLength }
    }

    private mutating func pad() throws {
        try put([UInt8](repeating: 0, count: padding))
        padding = 0
    }

    private func put(_ bytes: [UInt8]) throws {
        if !bytes.isEmpty { try bytes.withUnsafeBytes { try sink($0) } }
    }

    private static func padding(_ size: UInt64) -> Int {
        Int((512 - size % 512) % 512)
    }

    private static var wrongLength: BelayError {
        BelayError(
            .repositoryDamaged,
            "a file's contents have another length than the snapshot says",
            hint: "run `belay verify --all` to see what is affected"
        )
    }

    /// Major and minor number in the layout of Linux's `dev_t`.
    private static func numbers(ofDevice device: UInt64) -> (major: UInt64, minor: UInt64) {
        ((device >> 8 & 0xFFF) | (device >> 32 & ~0xFFF), (device & 0xFF) | (device >> 12 & 0xFFFF_FF00))
    }
}

/// The records that say what a header cannot.
private struct PaxRecords {
    private(set) var bytes: [UInt8] = []

    init(_ header: TarHeader, _ node: Node) {
        if header.path.count > TarHeader.Field.pathLength { add("path", header.path) }
        if header.linkTarget.count > TarHeader.Field.pathLength { add("linkpath", header.linkTarget) }
        let seconds = node.modified.seconds
        if node.modified.nanoseconds != 0 || seconds < 0 || header.modified > TarHeader.Field.maximum(12) {
            add("mtime", Array(Self.text(of: node.modified).utf8))
        }
        if header.size > TarHeader.Field.maximum(12) { add("size", Array("\(header.size)".utf8)) }
        if header.userID > TarHeader.Field.maximum(8) { add("uid", Array("\(header.userID)".utf8)) }
        if header.groupID > TarHeader.Field.maximum(8) { add("gid", Array("\(header.groupID)".utf8)) }
        if header.user.count > TarHeader.Field.accountLength { add("uname", header.user) }
        if header.group.count > TarHeader.Field.accountLength { add("gname", header.group) }
        for attribute in node.extendedAttributes {
            // A key ends at the first equals sign, so such a name has no place in a record.
            if attribute.name.utf8.contains(0x3D) { continue }
            if let key = AccessListText.tarKeys[attribute.name],
                let text = AccessListText.text(of: attribute.value)
            {
                add(key, Array(text.utf8))
            } else {
                add("SCHILY.xattr.\(attribute.name)", attribute.value)
            }
        }
    }

    /// Seconds with a fraction; before 1970 the fraction counts backwards, as the sign holds for all of it.
    private static func text(of time: Timestamp) -> String {
        if time.nanoseconds == 0 { return "\(time.seconds)" }
        var seconds = time.seconds
        var nanoseconds = time.nanoseconds
        if seconds < 0 {
            seconds += 1
            nanoseconds = 1_000_000_000 - nanoseconds
        }
        let digits = String(nanoseconds)
        let sign = time.seconds < 0 && seconds == 0 ? "-" : ""
        return "\(sign)\(seconds)." + String(repeating: "0", count: 9 - digits.count) + digits
    }

    /// Adds `length key=value`, where the length counts its own digits.
    private mutating func add(_ key: String, _ value: [UInt8]) {
        let rest = key.utf8.count + value.count + 3
        var length = rest + String(rest).utf8.count
        if rest + String(length).utf8.count != length { length = rest + String(length).utf8.count }
        bytes.append(contentsOf: "\(length) \(key)=".utf8)
        bytes.append(contentsOf: value)
        bytes.append(0x0A)
    }
}
