package import BelayCore
package import BelayFormat
package import BelayStore
package import BelaySystem
import Synchronization

/// An opened repository: a store, and the key to what lies in it.
///
/// It holds no state of the repository itself but what never changes (its config), so that it is right
/// whatever other clients do; indexes and snapshots are loaded by those who need them.
package final class Repository: Sendable {
    package let store: any ObjectStore
    package let config: RepositoryConfig
    /// The key that opened it.
    package let keyID: KeyID
    let masterKey: MasterKey
    package let host: HostIdentity
    package let clock: any WallClock
    /// A folder of ours for what can be made again, or `nil` to keep nothing.
    package let cacheFolder: String?
    private let noteList = Mutex(Notes())

    private struct Notes {
        var texts: [String] = []
        var known: Set<String> = []
    }

    init(
        store: any ObjectStore,
        config: RepositoryConfig,
        keyID: KeyID,
        masterKey: MasterKey,
        host: HostIdentity,
        clock: any WallClock,
        cacheFolder: String?
    ) {
        self.store = store
        self.config = config
        self.keyID = keyID
        self.masterKey = masterKey
        self.host = host
        self.clock = clock
        self.cacheFolder = cacheFolder
    }

    /// What went wrong without stopping the work, such as a cache that could not be written.
    package var notes: [String] { noteList.withLock { $0.texts } }

    /// Keeps something that a person should know; once, however often it is met.
    package func note(_ text: String) {
        noteList.withLock { notes in
            if notes.known.insert(text).inserted { notes.texts.append(text) }
        }
    }

    /// The same repository, on which nothing will be changed.
    package func rehearsing() -> Repository {
        Repository(
            store: RehearsalStore(store),
            config: config,
            keyID: keyID,
            masterKey: masterKey,
            host: host,
            clock: clock,
            cacheFolder: nil
        )
    }

    /// Contexts for sealing and opening; one for each worker, since they are not shared.
    package func makeEnvelope() -> Envelope { Envelope(key: masterKey) }

    /// - Throws: `repository.read-only` for format version 1, which belay reads but does not write.
    package func requireWritable() throws {
        guard config.version == .two else {
            throw BelayError(
                .repositoryReadOnly,
                "the repository at \(store.properties.location) has format version \(config.version.rawValue), which belay only reads",
                hint: "upgrade it with `restic migrate upgrade_repo_v2`"
            )
        }
    }
}

// Files that are not packs: each is one sealed JSON text, named by the hash of what is stored.
extension Repository {
    /// Stores a JSON text and gives its name.
    func saveUnpacked(
        _ json: [UInt8],
        as kind: FileKind,
        durability: Durability = .stable
    ) async throws -> Digest {
        let file: (bytes: [UInt8], digest: Digest)
        do throws(FormatError) {
            file = try UnpackedFile.encode(
                json,
                version: config.version,
                envelope: makeEnvelope(),
                compressor: ZstdCompressor(level: .auto)
            )
        } catch {
            throw BelayError(.internalError, "cannot encode a file for the repository", cause: error)
        }
        try await save(file.bytes, as: Handle(kind: kind, digest: file.digest), durability: durability)
        return file.digest
    }

    /// The JSON text of a stored file, checked against its name and its seal.
    func loadUnpacked(_ handle: Handle) async throws -> [UInt8] {
        let bytes = try await load(handle)
        guard BlobHasher.digest(bytes) == handle.digest else {
            throw BelayError(
                .repositoryDamaged,
                "\(handle) is damaged: its contents do not match its name",
                hint: "run `belay verify` to see what is affected",
                subjects: [handle.path]
            )
        }
        do throws(FormatError) {
            return try openUnpacked(bytes)
        } catch {
            throw BelayError(
                .repositoryDamaged,
                "\(handle) cannot be read",
                hint: "run `belay verify` to see what is affected",
                subjects: [handle.path],
                cause: error
            )
        }
    }
}

extension Repository {
    /// The JSON text that is sealed in the bytes of a file.
    func openUnpacked(_ bytes: [UInt8]) throws(FormatError) -> [UInt8] {
        try UnpackedFile.decode(
            bytes,
            version: config.version,
            envelope: makeEnvelope(),
            decompressor: ZstdDecompressor()
        )
    }
}

// The store's calls, with its errors in words.
extension Repository {
    package func list(_ kind: FileKind) async throws -> [StoredFile] {
        do throws(StoreError) {
            return try await store.list(kind)
        } catch {
            throw Self.failure("cannot list the \(kind)s of the repository", error)
        }
    }

    func strays(_ kind: FileKind) async throws -> [StrayFile] {
        do throws(StoreError) {
            return try await store.strays(kind)
        } catch {
            throw Self.failure("cannot list the \(kind)s of the repository", error)
        }
    }

    package func load(_ handle: Handle) async throws -> [UInt8] {
        do throws(StoreError) {
            return try await store.load(handle)
        } catch {
            throw Self.failure("cannot read \(handle)", error)
        }
    }

    /// Exactly the bytes in `range`, in the memory of `buffer` where that is large enough.
    package func load(
        _ handle: Handle,
        range: Range<UInt64>,
        reusing buffer: consuming [UInt8] = []
    ) async throws -> [UInt8] {
        do throws(StoreError) {
            return try await store.load(handle, range: range, reusing: buffer)
        } catch {
            throw Self.failure("cannot read \(handle)", error)
        }
    }

    package func save(
        _ bytes: [UInt8],
        as handle: Handle,
        durability: Durability = .stable
    ) async throws {
        do throws(StoreError) {
            try await store.save(bytes, as: handle, durability: durability)
        } catch {
            throw Self.failure("cannot store \(handle)", error)
        }
    }

    /// Whether the file is there.
    package func holds(_ handle: Handle) async throws -> Bool {
        do throws(StoreError) {
            return try await store.size(of: handle) != nil
        } catch {
            throw Self.failure("cannot look for \(handle)", error)
        }
    }

    package func remove(_ handle: Handle) async throws {
        do throws(StoreError) {
            try await store.remove(handle)
        } catch {
            throw Self.failure("cannot remove \(handle)", error)
        }
    }

    /// Returns once no power cut can bring back files of a kind that were removed before.
    package func settleRemovals(of kind: FileKind) async throws {
        do throws(StoreError) {
            try await store.settleRemovals(of: kind)
        } catch {
            throw Self.failure("cannot bring removals to stable storage", error)
        }
    }

    static func failure(_ message: String, _ error: StoreError) -> BelayError {
        switch error {
        case .missing(let handle), .short(let handle), .tooLarge(let handle):
            BelayError(
                .repositoryDamaged,
                message,
                hint: "run `belay verify` to see what is affected",
                subjects: [handle.path],
                cause: error
            )
        case .full:
            BelayError(
                .repositoryFull,
                message,
                hint:
                    "free some space, then run the same command again; what was stored so far is used again",
                cause: error
            )
        case .denied:
            BelayError(
                .repositoryUnavailable,
                message,
                hint: "check who owns the repository and may write to it",
                cause: error
            )
        case .failed:
            BelayError(
                .repositoryUnavailable,
                message,
                hint: "check the disk, then run the same command again",
                cause: error
            )
        case .cancelled:
            BelayError(.cancelled, message, cause: error)
        }
    }
}
