/// A file that excludes the directory it lies in, as `--exclude-if-present` and `--exclude-caches` say.
///
/// The directory itself is stored, and so is the file; everything else in it is not. restic looks at the name
/// alone if there is no header, and else at the start of the contents; a file that cannot be read or starts
/// otherwise deserves a warning and excludes nothing.
package struct ExcludeMarker: Hashable, Sendable {
    /// The name of the file.
    package let fileName: [UInt8]
    /// What the file has to start with; empty if it only has to be there.
    package let header: [UInt8]

    /// `CACHEDIR.TAG` with its signature (https://bford.info/cachedir/).
    package static let cacheDirectory = ExcludeMarker(
        fileName: Array("CACHEDIR.TAG".utf8),
        header: Array("Signature: 8a477f597d28d172789f06886806bc55".utf8)
    )

    private init(fileName: [UInt8], header: [UInt8]) {
        self.fileName = fileName
        self.header = header
    }

    /// The marker that `NAME` or `NAME:HEADER` describes.
    package init(_ specification: [UInt8]) throws(BackupExcludesError) {
        let colon = specification.firstIndex(of: ASCII.colon)
        fileName = Array(specification[..<(colon ?? specification.endIndex)])
        header = colon.map { Array(specification[($0 + 1)...]) } ?? []
        if fileName.isEmpty { throw .markerWithoutName }
    }

    /// How many bytes of the file have to be read before it can be asked.
    package var byteCount: Int { header.count }

    /// Whether a file of that name with `contents`, or their first ``byteCount`` bytes, excludes its
    /// directory.
    package func excludesDirectory(contents: [UInt8]) -> Bool {
        contents.starts(with: header)
    }

    /// Whether the entry called `name` of an excluded directory is left out.
    package func excludes(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        !name.elementsEqual(fileName)
    }
}
