package import BelayCore
package import BelaySystem
import Synchronization

/// A repository in a directory of this machine, laid out as restic lays it out.
///
/// Calls block; they run on the pool for file work, whoever calls.
package struct LocalStore: ObjectStore {
    private let root: String
    package let properties: StoreProperties

    /// A store in the directory at an absolute path, which need not exist yet.
    package init(path: String) {
        root = path
        properties = StoreProperties(
            location: path,
            connections: 4,
            listsImmediately: Paths.isLocalFileSystem(Paths.nearestExisting(path))
        )
    }

    package func prepare() async throws(StoreError) {
        try await onFilePool { () throws(SystemError) in
            try Paths.makeFolders(root)
            for kind in FileKind.allCases where kind != .config {
                try Paths.makeFolders("\(root)/\(kind.folder)")
            }
            for byte in UInt8.min...UInt8.max {
                try Paths.makeFolders("\(root)/data/\(Hexadecimal.text(CollectionOfOne(byte)))")
            }
            // The folders must be there before a file in them can be called stored.
            for folder in ["", "/data"] { try Folder.open(path: root + folder).synchronize() }
            if let parent = Paths.parent(of: root) { try Folder.open(path: parent).synchronize() }
        }
    }

    package func save(
        _ bytes: [UInt8],
        as handle: Handle,
        durability: Durability
    ) async throws(StoreError) {
        try await onFilePool { () throws(SystemError) in
            let (folder, name) = place(of: handle)
            do throws(SystemError) {
                try write(bytes, name, folder, durability)
            } catch {
                // A folder of the layout may be missing, but never the repository: what was moved away or unmounted
                // must not be begun anew in its place.
                let isRepository = handle.kind == .config || Paths.exists("\(root)/config")
                guard error.isMissing, isRepository, Paths.isFolder(root) else { throw error }
                try Paths.makeFolders(folder)
                if let parent = Paths.parent(of: folder) { try Folder.open(path: parent).synchronize() }
                try write(bytes, name, folder, durability)
            }
        }
    }

    package func load(_ handle: Handle) async throws(StoreError) -> [UInt8] {
        try await onFilePool(handle) { () throws(SystemError) in
            try readFile(path: path(of: handle), limit: handle.kind.lengthMaximum)
        }
    }

    package func load(_ handle: Handle, range: Range<UInt64>) async throws(StoreError) -> [UInt8] {
        try await load(handle, range: range, reusing: [])
    }

    package func load(
        _ handle: Handle,
        range: Range<UInt64>,
        reusing buffer: consuming [UInt8]
    ) async throws(StoreError) -> [UInt8] {
        // A closure would be a second owner of the array itself, and writing to it would copy it.
        let held = Mutex(consume buffer)
        try await onFilePool(handle) { () throws(SystemError) in
            let file = try OpenFile.reading(path: path(of: handle))
            try held.withLock { (bytes) throws(SystemError) in
                bytes.removeAll(keepingCapacity: true)
                try bytes.append(addingCapacity: range.count) { (span) throws(SystemError) in
                    try span.withUnsafeMutableBufferPointer { (buffer, count) throws(SystemError) in
                        let room = UnsafeMutableRawBufferPointer(buffer.extracting(..<range.count))
                        count = try file.read(into: room, at: range.lowerBound)
                    }
                }
            }
        }
        let bytes = held.withLock { bytes in
            let full = bytes
            bytes = []
            return full
        }
        guard bytes.count == range.count else { throw .short(handle) }
        return bytes
    }

    package func size(of handle: Handle) async throws(StoreError) -> UInt64? {
        try await onFilePool { () throws(SystemError) in
            try Paths.status(path(of: handle))?.size
        }
    }

    package func list(_ kind: FileKind) async throws(StoreError) -> [StoredFile] {
        try await onFilePool { () throws(SystemError) in
            if kind == .config {
                return try Paths.status("\(root)/config").map { [StoredFile(handle: .config, size: $0.size)] }
                    ?? []
            }
            let folder = "\(root)/\(kind.folder)"
            guard kind == .pack else { return try list(kind, in: folder) }
            var files: [StoredFile] = []
            for name in try Paths.names(in: folder) where Paths.isFolder("\(folder)/\(name)") {
                // A pack is opened where its own name says; elsewhere it is not one of ours.
                for file in try list(kind, in: "\(folder)/\(name)") {
                    if Hexadecimal.text(CollectionOfOne(file.handle.digest.firstByte)) == name {
                        files.append(file)
                    }
                }
            }
            return files
        }
    }

    package func remove(_ handle: Handle) async throws(StoreError) {
        try await onFilePool { () throws(SystemError) in
            do throws(SystemError) {
                try Paths.remove(path(of: handle))
            } catch {
                if !error.isMissing { throw error }
            }
        }
    }
}

extension LocalStore {
    package func strays(_ kind: FileKind) async throws(StoreError) -> [StrayFile] {
        // A pack is too large to be looked into for this, and is missed by its index.
        if kind == .config || kind == .pack { return [] }
        return try await onFilePool { () throws(SystemError) in
            var files: [StrayFile] = []
            for name in try Paths.names(in: "\(root)/\(kind.folder)").sorted() {
                if Digest(hexadecimal: name) != nil || Self.isUnfinished(name) || name.hasPrefix(".") {
                    continue
                }
                let path = "\(kind.folder)/\(name)"
                do throws(SystemError) {
                    let bytes = try readFile(path: "\(root)/\(path)", limit: kind.lengthMaximum)
                    files.append(StrayFile(path: path, bytes: bytes))
                } catch {
                    // Whatever cannot be read as a file of a repository is somebody else's.
                }
            }
            return files
        }
    }

    package func settleRemovals(of kind: FileKind) async throws(StoreError) {
        try await onFilePool { () throws(SystemError) in
            try Folder.open(path: kind == .config ? root : "\(root)/\(kind.folder)").synchronize()
        }
    }

    package func removeUnfinished(before time: Timestamp) async throws(StoreError) -> Int {
        try await onFilePool { () throws(SystemError) in
            var folders = [root]
            for kind in FileKind.allCases where kind != .config && kind != .pack {
                folders.append("\(root)/\(kind.folder)")
            }
            folders += try Paths.names(in: "\(root)/data").map { "\(root)/data/\($0)" }.filter(Paths.isFolder)
            var count = 0
            for folder in folders {
                for name in try Paths.names(in: folder) where Self.isUnfinished(name) {
                    let path = "\(folder)/\(name)"
                    guard let status = try Paths.status(path), status.isRegular, status.modified < time else {
                        continue
                    }
                    try Paths.remove(path)
                    count += 1
                }
            }
            return count
        }
    }

    /// Whether a name is one that a file has until it is whole, in belay as in restic: `NAME-tmp-NUMBER`.
    private static func isUnfinished(_ name: String) -> Bool {
        guard let end = name.firstRange(of: "-tmp-") else { return false }
        let number = name[end.upperBound...]
        let stem = String(name[..<end.lowerBound])
        return !number.isEmpty && number.utf8.allSatisfy { (0x30...0x39).contains($0) }
            && (stem == Handle.config.path || Digest(hexadecimal: stem) != nil)
    }

    private func path(of handle: Handle) -> String { "\(root)/\(handle.path)" }

    private func place(of handle: Handle) -> (folder: String, name: String) {
        let path = path(of: handle)
        // Invariant: the path has a slash, as `root` is absolute.
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        return (String(path[..<slash]), String(path[path.index(after: slash)...]))
    }

    private func write(
        _ bytes: [UInt8],
        _ name: String,
        _ folder: String,
        _ durability: Durability
    ) throws(SystemError) {
        // The config alone is not named by its hash: who comes second must not replace what the first made.
        try AtomicFile.write(
            bytes,
            to: name,
            inFolder: folder,
            durability: durability,
            replaces: name != Handle.config.path
        )
    }

    private func list(_ kind: FileKind, in folderPath: String) throws(SystemError) -> [StoredFile] {
        let folder: Folder
        do throws(SystemError) {
            folder = try Folder.open(path: folderPath)
        } catch {
            if error.isMissing { return [] }
            throw error
        }
        var listing = DirectoryListing()
        try listing.read(folder)
        var files: [StoredFile] = []
        files.reserveCapacity(listing.count)
        for index in 0..<listing.count {
            guard let digest = Digest(hexadecimal: String(decoding: listing.name(index), as: UTF8.self))
            else {
                continue
            }
            // Gone since it was listed: another client removed it.
            guard let status = folder.status(at: listing.cString(index)), status.isRegular else { continue }
            files.append(
                StoredFile(
                    handle: Handle(kind: kind, digest: digest),
                    size: status.size,
                    modified: status.modified
                )
            )
        }
        return files
    }

    private func onFilePool<Result: Sendable>(
        _ handle: Handle? = nil,
        _ body: @Sendable () throws(SystemError) -> Result
    ) async throws(StoreError) -> Result {
        let outcome = await withTaskExecutorPreference(BlockingPool.files) {
            () async -> Swift.Result<Result, SystemError> in
            do throws(SystemError) {
                return .success(try body())
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .success(let result): return result
        case .failure(let error): throw StoreError(error, handle)
        }
    }
}

extension FileKind {
    /// The length in bytes that no file of this kind exceeds.
    ///
    /// Whoever can write to the store can make a file of any length; it must not fill the memory before its hash
    /// is even looked at. Snapshots name every path that was given, which may be long lists.
    fileprivate var lengthMaximum: Int {
        switch self {
        case .config, .key, .lock: 1 << 20
        case .snapshot: 64 << 20
        case .index, .pack: Int(UInt32.max)
        }
    }
}
