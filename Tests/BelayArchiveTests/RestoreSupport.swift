import BelayArchive
import BelayCore
import BelayFormat
import BelayRepository
import BelayStore
import BelaySystem
import Glibc
import Testing

/// A directory that goes with the value.
final class Scratch: Sendable {
    let path: String
    private let isOurs: Bool

    init() throws {
        var template = Array("/tmp/belay-restore-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
        isOurs = true
    }

    /// A directory in one that somebody else removes.
    init(in path: String, _ name: String) throws {
        self.path = "\(path)/\(name)"
        isOurs = false
        try Paths.makeFolders(self.path, mode: 0o755)
    }

    deinit {
        if !isOurs { return }
        // Also what is too deep for a path.
        Scratch.empty(path)
        rmdir(path)
    }

    /// The path of something in it.
    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ bytes: [UInt8], _ name: String, mode: UInt32 = 0o644) throws {
        if let parent = Paths.parent(of: self(name)) { try Paths.makeFolders(parent, mode: 0o755) }
        let file = try OpenFile.creating(path: self(name), mode: mode)
        try bytes.withUnsafeBytes { try file.write($0) }
        try file.setPermissions(mode)
    }

    func write(_ text: String, _ name: String) throws { try write(Array(text.utf8), name) }

    func read(_ name: String) throws -> String {
        String(decoding: try readFile(path: self(name), limit: 1 << 30), as: UTF8.self)
    }

    private static func empty(_ path: String) {
        guard let folder = try? Folder.open(path: path) else { return }
        empty(folder)
    }

    private static func empty(_ folder: Folder) {
        try? folder.setPermissions(0o700)
        var listing = DirectoryListing()
        guard (try? listing.read(folder)) != nil else { return }
        for name in (0..<listing.count).map({ listing.fileName($0) }) {
            if let child = try? folder.folder(named: name) { empty(child) }
            if (try? folder.remove(name)) == nil { try? folder.removeFolder(name) }
        }
    }
}

/// An entry as a restore should bring it back.
struct EntryState: Equatable {
    var kind: Node.Kind
    var mode: UInt32
    var userID: UInt32
    var groupID: UInt32
    var modified: Timestamp
    var size: UInt64 = 0
    var device: UInt64 = 0
    var target: [UInt8] = []
    var contents: Digest?
    var attributes: [String: [UInt8]] = [:]
    /// The first path that is the same file, if there are several.
    var firstName: [UInt8]?
}

/// Everything below a directory, by path.
struct TreeSnapshotter {
    private(set) var entries: [[UInt8]: EntryState] = [:]
    private(set) var allocated: [[UInt8]: UInt64] = [:]
    private var names: [LinkID: [UInt8]] = [:]

    private struct LinkID: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    /// Every entry below `path`, or of an open directory with everything in it.
    static func entries(_ path: String) throws -> [[UInt8]: EntryState] {
        try TreeSnapshotter(path).entries
    }

    private let readsContents: Bool

    init(_ path: String, readsContents: Bool = true) throws {
        self.readsContents = readsContents
        try visit(try Folder.open(path: path), [])
    }

    private mutating func visit(_ folder: Folder, _ prefix: [UInt8]) throws {
        var listing = DirectoryListing()
        try listing.read(folder)
        for index in 0..<listing.count {
            let name = listing.fileName(index)
            let path = prefix + name.bytes
            let status = try folder.status(of: name)
            let kind = try #require(status.kind)
            var state = EntryState(
                kind: kind,
                mode: status.mode,
                userID: status.userID,
                groupID: status.groupID,
                modified: status.modified
            )
            if readsContents {
                var unnamed = 0
                let attributes = try ExtendedAttributes.read(of: name, in: folder, unnamed: &unnamed)
                state.attributes = Dictionary(uniqueKeysWithValues: attributes.map { ($0.name, $0.value) })
            }
            switch kind {
            case .file:
                state.size = status.size
                if readsContents {
                    state.contents = BlobHasher.digest(try readFile(name, in: folder, limit: 1 << 30))
                }
                allocated[path] = status.allocatedSize
                if status.links > 1 {
                    let id = LinkID(device: status.deviceID, inode: status.inode)
                    state.firstName = names[id] ?? path
                    names[id] = state.firstName
                }
            case .symlink: state.target = try folder.linkTarget(of: name)
            case .characterDevice, .blockDevice: state.device = status.specialDevice
            case .directory, .fifo, .socket: break
            }
            entries[path] = state
            if kind == .directory { try visit(try folder.folder(named: name), path + [0x2F]) }
        }
    }
}

/// A repository and what was stored in it.
struct Stored {
    var repository: Repository
    var index: IndexTable
    var tree: BlobID

    var restorer: Restorer { Restorer(repository: repository, index: index) }
    var trees: TreeReader { TreeReader(BlobReader(repository, index: index)) }

    /// Restores everything into `target`.
    @discardableResult
    func restore(
        into target: String,
        _ change: (inout RestoreRequest) -> Void = { _ in }
    ) async throws -> RestoreReport {
        var request = RestoreRequest(tree: tree, target: target)
        change(&request)
        return try await restorer.restore(try await restorer.plan(request), progress: RestoreProgress())
    }

    static func makeRepository(in store: any ObjectStore = MemoryStore()) async throws -> Repository {
        try await Repository.create(
            in: store,
            password: Array("secret".utf8),
            parameters: .randomKey,
            surroundings: Repository.Surroundings(
                host: HostIdentity(hostname: "mill", username: "ada", userID: 1, groupID: 1, processID: 1),
                clock: FixedClock(Timestamp(seconds: 1_700_000_000)),
                cachesFolder: nil
            )
        )
    }

    /// Captures a directory.
    static func capture(
        _ path: String,
        in store: any ObjectStore = MemoryStore(),
        packSize: Int = 1 << 20
    ) async throws -> Stored {
        let repository = try await makeRepository(in: store)
        var settings = ArchiveSettings(root: path, started: SystemClock().now())
        settings.respectsGitIgnore = false
        let archiver = Archiver(repository: repository, settings: settings, cacheFolder: nil)
        let known = try await repository.loadIndex()
        let outcome = try await BlobWriter.with(repository, known: known, packSize: packSize) { writer in
            try await archiver.store(
                through: writer,
                cache: nil,
                verifyingAgainst: nil,
                progress: CaptureProgress()
            )
        }
        #expect(outcome.result.failures.isEmpty)
        return Stored(
            repository: repository,
            index: try await repository.loadIndex(),
            tree: outcome.result.tree
        )
    }

    /// Stores a tree that a test makes by hand.
    static func make(
        in store: any ObjectStore = MemoryStore(),
        packSize: Int = 1 << 20,
        _ body: @Sendable @escaping (HandWriter) async throws -> BlobID
    ) async throws -> Stored {
        let repository = try await makeRepository(in: store)
        let known = try await repository.loadIndex()
        let outcome = try await BlobWriter.with(repository, known: known, packSize: packSize) { writer in
            try await body(HandWriter(repository: repository, writer: writer))
        }
        return Stored(repository: repository, index: try await repository.loadIndex(), tree: outcome.result)
    }
}

extension Stored {
    /// Thirty trees that stand for as many entries as there are grains of sand on all beaches, and more.
    static func makeBomb() async throws -> Stored {
        try await make { writer in
            var tree = try await writer.tree([.symlink("leaf", "x")])
            for _ in 0..<30 {
                let inner = tree
                tree = try await writer.tree((0..<10).map { .folder("d\($0)", inner) })
            }
            return tree
        }
    }
}

/// Stores blobs and trees one by one.
struct HandWriter: Sendable {
    let repository: Repository
    let writer: BlobWriter

    func store(_ type: BlobType, _ bytes: [UInt8]) async throws -> BlobID {
        let id = BlobID(BlobHasher.digest(bytes))
        let handle = BlobHandle(type, id)
        guard writer.claim(handle) else { return id }
        let encoder = BlobEncoder(repository, level: .fastest)
        let sealed = try bytes.withUnsafeBytes { try encoder.encode($0, type: type) }
        try await writer.append(handle, sealed, plainLength: bytes.count)
        return id
    }

    func data(_ bytes: [UInt8]) async throws -> BlobID { try await store(.data, bytes) }
    func data(_ text: String) async throws -> BlobID { try await data(Array(text.utf8)) }

    func tree(_ nodes: [Node]) async throws -> BlobID {
        try await store(.tree, TreeEncoding.encode(nodes.sorted { $0.name < $1.name }))
    }

    /// A tree of nodes as they are given, in this order and with any name.
    func tree(asGiven nodes: [Node]) async throws -> BlobID {
        let texts = nodes.map { String(decoding: TreeEncoding.encode($0), as: UTF8.self) }
        return try await store(.tree, Array("{\"nodes\":[\(texts.joined(separator: ","))]}\n".utf8))
    }
}

extension Node {
    static let sampleTime = Timestamp(seconds: 1_600_000_000, nanoseconds: 123_456_789)

    static func file(_ name: String, _ content: [BlobID], size: Int) -> Node {
        Node(
            name: FileName(name),
            kind: .file,
            mode: FileMode(rawValue: 0o644),
            modified: sampleTime,
            accessed: sampleTime,
            size: UInt64(size),
            links: 1,
            content: content
        )
    }

    static func folder(_ name: String, _ tree: BlobID) -> Node {
        Node(
            name: FileName(name),
            kind: .directory,
            mode: FileMode(rawValue: FileMode.directory | 0o755),
            modified: sampleTime,
            accessed: sampleTime,
            subtree: tree
        )
    }

    static func symlink(_ name: String, _ target: String) -> Node {
        Node(
            name: FileName(name),
            kind: .symlink,
            mode: FileMode(rawValue: FileMode.symlink | 0o777),
            modified: sampleTime,
            accessed: sampleTime,
            links: 1,
            linkTarget: Array(target.utf8)
        )
    }
}

/// Random bytes from a seed.
func randomBytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return (0..<count).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state >> 32)
    }
}

let isRoot = getuid() == 0
