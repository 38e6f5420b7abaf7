package import BelayCore
package import BelayRepository
package import BelaySystem

/// Where the bytes of one side of a comparison come from.
package enum ChangedContents: Sendable {
    case stored(BlobReader)
    /// Files below a directory of this machine.
    case onDisk(Folder)

    /// The bytes of a file, or the target of a symlink; `nil` if there are more than `limit`.
    ///
    /// What is on disk may have changed since the comparison looked at it; given is what it is now.
    package func bytes(of node: Node, at path: [UInt8], limit: Int) async throws -> [UInt8]? {
        if node.kind == .symlink { return node.linkTarget }
        guard node.kind == .file, node.size <= UInt64(limit) else { return nil }
        switch self {
        case .stored(let blobs):
            var bytes: [UInt8] = []
            try await ContentReader.stream(node, blobs: blobs) { bytes.append(contentsOf: $0) }
            return bytes.count <= limit ? bytes : nil
        case .onDisk(let root):
            do throws(SystemError) {
                return try Self.read(path, root, limit)
            } catch {
                if error.number == Self.tooLarge { return nil }
                throw BelayError(
                    .projectUnreadable,
                    "cannot read \(String(decoding: path, as: UTF8.self)): \(error.reason)",
                    hint: "run the same command again if the file was changed in the meantime",
                    cause: error
                )
            }
        }
    }

    private static let tooLarge: Int32 = 27  // EFBIG

    /// Reads a file, a name at a time and through no symlink, so that it lies inside the directory.
    private static func read(_ path: [UInt8], _ root: Folder, _ limit: Int) throws(SystemError) -> [UInt8] {
        let names = path.split(separator: 0x2F).map { FileName(Array($0)) }
        guard let last = names.last, names.allSatisfy(\.isValid) else {
            throw SystemError(call: "open", subject: String(decoding: path, as: UTF8.self), number: 2)
        }
        var folder = root
        for name in names.dropLast() { folder = try folder.folder(named: name) }
        return try readFile(last, in: folder, limit: limit)
    }
}
