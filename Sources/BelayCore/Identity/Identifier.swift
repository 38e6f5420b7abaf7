/// The name of a stored thing, with what it names in its type, so that two kinds never mix.
@frozen
package struct Identifier<Kind: IdentifiedKind>: Hashable, Comparable, Sendable {
    /// The SHA-256 that is the name.
    package let digest: Digest

    /// An identifier for a digest known to be of that kind.
    @inlinable
    package init(_ digest: Digest) {
        self.digest = digest
    }

    /// An identifier from 64 lower case hexadecimal digits; `nil` for anything else.
    package init?(hexadecimal text: String) {
        guard let digest = Digest(hexadecimal: text) else { return nil }
        self.digest = digest
    }

    /// 64 lower case hexadecimal digits.
    package var hexadecimal: String { digest.hexadecimal }

    /// The first eight digits, as restic shows an id to people.
    package var short: String { String(digest.hexadecimal.prefix(8)) }

    @inlinable
    package static func < (left: Self, right: Self) -> Bool { left.digest < right.digest }
}

extension Identifier: CustomStringConvertible {
    package var description: String { digest.hexadecimal }
}

/// What an ``Identifier`` can name.
package protocol IdentifiedKind: Sendable {}

/// A piece of a file or a tree, named by the SHA-256 of its plain bytes.
package enum BlobKind: IdentifiedKind {}
/// A stored file that holds sealed blobs.
package enum PackKind: IdentifiedKind {}
/// A stored file that tells which pack holds which blob.
package enum IndexKind: IdentifiedKind {}
/// A stored file that names a root tree.
package enum SnapshotKind: IdentifiedKind {}
/// A stored file that holds the sealed master key.
package enum KeyKind: IdentifiedKind {}
/// A stored file that tells that somebody works in the repository.
package enum LockKind: IdentifiedKind {}

package typealias BlobID = Identifier<BlobKind>
package typealias PackID = Identifier<PackKind>
package typealias IndexID = Identifier<IndexKind>
package typealias SnapshotID = Identifier<SnapshotKind>
package typealias KeyID = Identifier<KeyKind>
package typealias LockID = Identifier<LockKind>
