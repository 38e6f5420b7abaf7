/// Why a `.git/index` was not read.
package enum GitIndexError: Error, Hashable, Sendable {
    /// It does not start like an index.
    case notAnIndex
    /// It is of a version other than 2, 3 and 4.
    case unsupportedVersion(UInt32)
    /// It needs an extension that is not understood.
    case unsupportedExtension(String)
    /// It is a split index, and the shared one with this name is not there.
    case missingSharedIndex(String)
    /// It ends in the middle of something.
    case truncated
    /// The entry with that number, from 0, contradicts the format.
    case malformedEntry(Int)
    /// Its paths are longer than an index of a working tree can have.
    case tooLarge
}

extension GitIndexError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notAnIndex: "it is no index of git"
        case .unsupportedVersion(let version): "it has version \(version), which belay does not know"
        case .unsupportedExtension(let name): "it needs the extension '\(name)', which belay does not know"
        case .missingSharedIndex(let name): "the other half of it, '\(name)', is missing"
        case .truncated: "it ends too early"
        case .malformedEntry(let number): "its entry \(number) makes no sense"
        case .tooLarge: "its paths are too long"
        }
    }
}

/// The paths that git tracks, as its index lists them.
///
/// The checksum at the end is not looked at: whoever makes an index can make it fit, and git may leave it
/// zero.
package struct GitIndex: Sendable {
    /// A longer path is refused.
    package static let pathByteCountMaximum = 64 << 10

    /// All paths, one behind the other, in ascending order.
    private var bytes: [UInt8] = []
    /// Where each path starts, and where the last one ends.
    private var starts: [UInt32] = [0]
    /// Directories of a sparse index, with a slash behind each: all below them is tracked.
    ///
    /// They are among the paths as well.
    private var directories: [[UInt8]] = []
    /// Whether the paths are in lower case, and so is what is looked up.
    private var foldsCase = false

    /// No tracked paths, as before the first `git add`.
    package init() {}

    /// The paths in the bytes of an index, whose object names have `hashByteCount` bytes.
    ///
    /// That is 20, or 32 in a repository with `extensions.objectFormat = sha256`. Of a path in conflict,
    /// which has up to three entries, one is kept. With `ignoresCase`, which is `core.ignoreCase`, a path is
    /// tracked in whatever case it is written. More bytes of paths than `pathsByteCountMaximum` are refused,
    /// since version 4 lets a small file stand for a great many. A split index names another by the name of its file,
    /// `sharedindex.HASH`, whose bytes `shared` gives; what that tracks and this one drops counts as tracked still.
    package init(
        _ bytes: [UInt8],
        hashByteCount: Int = 20,
        ignoresCase: Bool = false,
        pathsByteCountMaximum: Int = 1 << 30,
        shared: (String) -> [UInt8]? = { _ in nil }
    ) throws(GitIndexError) {
        var reader = GitIndexReader(bytes, hashByteCount: hashByteCount)
        let version = try reader.header()
        // The smallest entry takes 62 bytes; a count that cannot be true must not reserve memory.
        starts.reserveCapacity(min(reader.entryCount, bytes.count / 62) + 1)
        var path: [UInt8] = []
        var isSplit = false
        for number in 0..<reader.entryCount {
            try reader.entry(number, version: version, path: &path)
            if path.isEmpty {
                isSplit = true
                continue
            }
            if reader.isDirectory { directories.append(path) }
            if count > 0 {
                let previous = self.path(at: count - 1)
                if previous == path[...] { continue }
                // The search relies on the order, which git keeps by bytes.
                guard previous.lexicographicallyPrecedes(path) else { throw .malformedEntry(number) }
            }
            guard self.bytes.count + path.count <= min(pathsByteCountMaximum, Int(UInt32.max)) else {
                throw .tooLarge
            }
            self.bytes.append(contentsOf: path)
            starts.append(UInt32(truncatingIfNeeded: self.bytes.count))
        }
        try reader.extensions()
        if let hash = reader.sharedIndex {
            let name = "sharedindex.\(hash.map(Self.hexadecimal).joined())"
            guard let bytes = shared(name) else { throw .missingSharedIndex(name) }
            let base = try GitIndex(
                bytes,
                hashByteCount: hashByteCount,
                pathsByteCountMaximum: pathsByteCountMaximum
            )
            directories += base.directories
            sort(joining: base)
        } else if isSplit {
            throw .malformedEntry(0)
        }
        if ignoresCase { foldCase() }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }

    /// The number of tracked paths.
    package var count: Int { starts.count - 1 }

    /// The path at `position`, in ascending order; in lower case if the case is ignored.
    ///
    /// - Precondition: `position` is at least 0 and below ``count``.
    package func path(at position: Int) -> ArraySlice<UInt8> {
        bytes[Int(starts[position])..<Int(starts[position + 1])]
    }

    /// Whether git tracks `path`: a file, a symbolic link, or the directory of a submodule.
    package func isTracked(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
        let position = firstPosition(notBefore: path, thenSlash: false)
        if position < count && compare(position, path, thenSlash: false) == 0 { return true }
        return isInDirectory(path)
    }

    /// Whether `path` is below a directory that stands for all in it.
    private func isInDirectory(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
        directories.contains { directory in
            path.count >= directory.count && zip(directory, path).allSatisfy { $0 == stored($1) }
        }
    }

    /// Whether git tracks `path`: a file, a symbolic link, or the directory of a submodule.
    package func isTracked(_ path: [UInt8]) -> Bool {
        path.withUnsafeBufferPointer { isTracked($0) }
    }

    /// Whether git tracks something below `directory`; the empty path is the top.
    package func hasTrackedBelow(_ directory: UnsafeBufferPointer<UInt8>) -> Bool {
        !positions(below: directory).isEmpty || isInDirectory(directory)
    }

    /// Whether git tracks something below `directory`; the empty path is the top.
    package func hasTrackedBelow(_ directory: [UInt8]) -> Bool {
        directory.withUnsafeBufferPointer { hasTrackedBelow($0) }
    }

    /// The positions of all paths below `directory`, at any depth.
    package func positions(below directory: UnsafeBufferPointer<UInt8>) -> Range<Int> {
        if directory.isEmpty { return 0..<count }
        let first = firstPosition(notBefore: directory, thenSlash: true)
        var low = first
        var high = count
        while low < high {
            let middle = low + (high - low) / 2
            if isBelow(middle, directory) { low = middle + 1 } else { high = middle }
        }
        return first..<low
    }
}

extension GitIndex {
    /// Puts all paths in lower case, and in the order of that.
    private mutating func foldCase() {
        for index in bytes.indices { bytes[index] = ASCII.lowercase(bytes[index]) }
        for index in directories.indices { directories[index] = directories[index].map(ASCII.lowercase) }
        foldsCase = true
        sort(joining: GitIndex())
    }

    /// Puts the paths, and those of another index, in order, each once.
    private mutating func sort(joining other: GitIndex) {
        let paths = (0..<count).map { path(at: $0) } + (0..<other.count).map { other.path(at: $0) }
        var sorted = GitIndex()
        sorted.foldsCase = foldsCase
        sorted.directories = directories
        sorted.bytes.reserveCapacity(bytes.count + other.bytes.count)
        for path in paths.sorted(by: { $0.lexicographicallyPrecedes($1) })
        where sorted.count == 0 || sorted.path(at: sorted.count - 1) != path {
            sorted.bytes.append(contentsOf: path)
            sorted.starts.append(UInt32(truncatingIfNeeded: sorted.bytes.count))
        }
        self = sorted
    }

    /// A byte of what is looked up, as it would be stored.
    @inline(__always)
    private func stored(_ byte: UInt8) -> UInt8 { foldsCase ? ASCII.lowercase(byte) : byte }

    /// The first position whose path is not before `target`, to which a slash is added if `thenSlash`.
    private func firstPosition(notBefore target: UnsafeBufferPointer<UInt8>, thenSlash: Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = low + (high - low) / 2
            if compare(middle, target, thenSlash: thenSlash) < 0 { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// How the path at `position` compares with `target`: negative if it comes before.
    private func compare(_ position: Int, _ target: UnsafeBufferPointer<UInt8>, thenSlash: Bool) -> Int {
        let start = Int(starts[position])
        let length = Int(starts[position + 1]) - start
        let common = min(length, target.count)
        for index in 0..<common {
            let difference = Int(bytes[start + index]) - Int(stored(target[index]))
            if difference != 0 { return difference }
        }
        guard thenSlash else { return length - target.count }
        if length <= target.count { return -1 }
        let difference = Int(bytes[start + target.count]) - Int(ASCII.slash)
        return difference == 0 ? length - target.count - 1 : difference
    }

    private func isBelow(_ position: Int, _ directory: UnsafeBufferPointer<UInt8>) -> Bool {
        let start = Int(starts[position])
        guard Int(starts[position + 1]) - start > directory.count else { return false }
        for index in directory.indices where bytes[start + index] != stored(directory[index]) { return false }
        return bytes[start + directory.count] == ASCII.slash
    }
}
