import BelayCore

/// The rules for where blobs lie in a pack: one after another from the start, the header right behind.
package enum PackLayout {
    /// The length of the pack that holds these blobs and nothing else.
    package static func packLength(_ blobs: [IndexedBlob]) -> Int {
        blobs.reduce(PackHeader.size(entries: blobs)) { $0 + Int($1.length) }
    }

    /// Checks that the blobs, in any order, fill a pack of `packLength` bytes without gap or overlap.
    ///
    /// An index that tells otherwise belongs to another pack, or describes only a part of one.
    package static func check(_ blobs: [IndexedBlob], packLength: Int) throws(FormatError) {
        var next: UInt64 = 0
        for blob in blobs.sorted(by: { ($0.offset, $0.length) < ($1.offset, $1.length) }) {
            guard UInt64(blob.offset) == next else {
                throw malformed("a gap or an overlap at byte \(min(next, UInt64(blob.offset)))")
            }
            next += UInt64(blob.length)
        }
        let expected = Self.packLength(blobs)
        guard expected == packLength else {
            throw malformed("it has \(packLength) bytes, but its blobs and header need \(expected)")
        }
    }

    private static func malformed(_ detail: String) -> FormatError {
        .malformed(what: "pack", detail: detail)
    }
}
