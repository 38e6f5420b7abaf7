import BelayCore

/// Files of the project in whose place something else is stored: a consistent copy of a database instead of the file
/// that its program writes meanwhile.
package struct CaptureOverlays: Sendable {
    enum Overlay: Sendable {
        /// These contents; everything else is the file's own.
        case contents(StoredStream)
        /// Nothing: it belongs to a file that is stored otherwise.
        case nothing
    }

    /// By directory, its path below the root with a slash behind it, and by name.
    private(set) var folders: [[UInt8]: [[UInt8]: Overlay]] = [:]

    package init() {}

    /// The paths of the files that something else stands for.
    fileprivate var paths: [[UInt8]] {
        folders.flatMap { folder, names in
            names.compactMap { name, overlay in
                if case .contents = overlay { folder + name } else { nil }
            }
        }
    }

    /// Stores `stream` as the contents of the file at a path below the root.
    package mutating func add(_ stream: StoredStream, for path: String) {
        put(.contents(stream), path)
    }

    /// Leaves out the file at a path below the root.
    package mutating func leaveOut(_ path: String) {
        put(.nothing, path)
    }

    /// Adds what others say, which goes before.
    package mutating func add(_ others: CaptureOverlays) {
        for (folder, names) in others.folders {
            folders[folder, default: [:]].merge(names) { $1 }
        }
    }

    private mutating func put(_ overlay: Overlay, _ path: String) {
        let bytes = Array(path.utf8)
        let start = bytes.lastIndex(of: 0x2F).map { $0 + 1 } ?? 0
        folders[Array(bytes[..<start]), default: [:]][Array(bytes[start...])] = overlay
    }
}

extension ArchiveSettings {
    /// Keeps the files that something stands for, and the way to them, although a `.gitignore` may name them.
    package mutating func includeOverlays() {
        includes += overlays.paths.map { [0x2F] + $0 }
    }
}
