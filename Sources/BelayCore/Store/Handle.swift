/// The kinds of file in a repository.
package enum FileKind: UInt8, Hashable, Sendable, CaseIterable {
    case config, key, pack, index, snapshot, lock

    /// The folder that holds files of this kind; `config` has none.
    package var folder: String {
        switch self {
        case .config: ""
        case .key: "keys"
        case .pack: "data"
        case .index: "index"
        case .snapshot: "snapshots"
        case .lock: "locks"
        }
    }
}

/// The name of a stored file: its kind, and its digest for every kind but `config`.
package struct Handle: Hashable, Sendable {
    package let kind: FileKind
    /// The SHA-256 of the stored bytes; all zero for `config`.
    package let digest: Digest

    package static let config = Handle(kind: .config, digest: Digest(0, 0, 0, 0))

    package init(kind: FileKind, digest: Digest) {
        self.kind = kind
        self.digest = digest
    }

    package init(_ id: PackID) { self.init(kind: .pack, digest: id.digest) }
    package init(_ id: IndexID) { self.init(kind: .index, digest: id.digest) }
    package init(_ id: SnapshotID) { self.init(kind: .snapshot, digest: id.digest) }
    package init(_ id: KeyID) { self.init(kind: .key, digest: id.digest) }
    package init(_ id: LockID) { self.init(kind: .lock, digest: id.digest) }

    /// The path of the file below the repository's root, with `/` between the parts.
    package var path: String {
        switch kind {
        case .config: "config"
        case .pack:
            "data/\(Hexadecimal.text(CollectionOfOne(digest.firstByte)))/\(digest.hexadecimal)"
        default: "\(kind.folder)/\(digest.hexadecimal)"
        }
    }
}

extension Handle: CustomStringConvertible {
    package var description: String { path }
}
