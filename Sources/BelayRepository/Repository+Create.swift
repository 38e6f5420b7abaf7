import BelayCore
package import BelayFormat
package import BelayStore
import BelaySystem

extension Repository {
    /// Makes a new repository in an empty store and opens it.
    ///
    /// The key comes first and the config last: until the config is there nothing counts as a repository, so
    /// an interrupted creation can be begun again.
    ///
    /// - Throws: `repository.exists` if there is a config, a key or a snapshot already.
    package static func create(
        in store: any ObjectStore,
        password: [UInt8],
        parameters: ScryptParameters,
        surroundings: Surroundings
    ) async throws -> Repository {
        try await refuseExisting(store, now: surroundings.clock.now())
        do throws(StoreError) {
            try await store.prepare()
        } catch {
            throw failure("cannot create a repository at \(store.properties.location)", error)
        }
        var generator = SystemRandomNumberGenerator()
        let master = MasterKey(randomBytes: RandomBytes.bytes(MasterKey.byteCount))
        let config = RepositoryConfig(
            id: Hexadecimal.text(RandomBytes.bytes(32)),
            polynomial: .random(using: &generator)
        )
        let repository = Repository(
            store: store,
            config: config,
            keyID: try await saveKey(
                master,
                password,
                parameters,
                store,
                surroundings.host,
                surroundings.clock.now()
            ),
            masterKey: master,
            host: surroundings.host,
            clock: surroundings.clock,
            cacheFolder: surroundings.cacheFolder(for: config)
        )
        try await saveConfig(repository)
        return repository
    }

    /// Stores the config, unless somebody else has made a repository here in the meantime.
    private static func saveConfig(_ repository: Repository) async throws {
        let sealed = repository.makeEnvelope().seal(repository.config.encode())
        do {
            try await repository.save(sealed, as: .config)
        } catch {
            // A config of ours that is there all the same needs its key; what cannot be told is left as it is.
            let isThere = try await exists(repository.store)
            let isOurs = isThere ? try await repository.load(.config) == sealed : false
            if isOurs { throw error }
            try await repository.remove(Handle(repository.keyID))
            try await refuseExisting(repository.store, now: repository.clock.now())
            throw error
        }
        guard try await repository.load(.config) == sealed else {
            throw BelayError(
                .repositoryExists,
                "another repository was made at \(repository.store.properties.location) at the same moment",
                hint: "use that one"
            )
        }
    }

    /// A key that is alone for so long belongs to a creation that was cut off, not to one under way.
    private static let creationSeconds: Int64 = 600

    private static func refuseExisting(_ store: any ObjectStore, now: Timestamp) async throws {
        let keys: [StoredFile]
        do {
            keys = try await store.list(.key)
            let hasConfig = try await store.size(of: .config) != nil
            let snapshots = try await store.list(.snapshot)
            let indexes = try await store.list(.index)
            // As long as there is a pack, a key is worth everything.
            let packs = keys.isEmpty ? [] : try await store.list(.pack)
            if hasConfig || !snapshots.isEmpty || !indexes.isEmpty || !packs.isEmpty {
                throw BelayError(
                    .repositoryExists,
                    "there is a repository at \(store.properties.location) already",
                    hint: "use it as it is, or name another place with --repo"
                )
            }
        } catch let error as StoreError {
            throw failure("cannot look for a repository at \(store.properties.location)", error)
        }
        let isOld = keys.allSatisfy { key in
            key.modified.map { now.seconds - $0.seconds > creationSeconds } ?? false
        }
        guard isOld else {
            throw BelayError(
                .repositoryExists,
                "a repository is being made at \(store.properties.location), or its making was cut off just now",
                hint: "run the same command again in ten minutes, or name another place with --repo"
            )
        }
        do throws(StoreError) {
            for key in keys { try await store.remove(key.handle) }
        } catch {
            throw failure("cannot remove what is left of a creation that was cut off", error)
        }
    }

    /// Seals the master key under a password, stores it, and reads it back before it is relied upon.
    static func saveKey(
        _ master: MasterKey,
        _ password: [UInt8],
        _ parameters: ScryptParameters,
        _ store: any ObjectStore,
        _ host: HostIdentity,
        _ time: Timestamp
    ) async throws -> KeyID {
        let bytes: [UInt8]
        do throws(FormatError) {
            let file = try KeyFile.create(
                master: master,
                password: password,
                parameters: parameters,
                salt: RandomBytes.bytes(KeyFile.saltLength),
                created: time,
                username: host.username,
                hostname: host.hostname
            )
            bytes = file.encode()
        } catch {
            throw BelayError(.internalError, "cannot make a key", cause: error)
        }
        let id = KeyID(BlobHasher.digest(bytes))
        do {
            try await store.save(bytes, as: Handle(id), durability: .stable)
            let stored = try await store.load(Handle(id))
            let opened = try KeyFile.decode(stored).unlock(password: password)
            guard stored == bytes, opened.json() == master.json() else {
                throw BelayError(.repositoryDamaged, "the new key does not read back as it was written")
            }
        } catch let error as StoreError {
            throw failure("cannot store a key", error)
        }
        return id
    }
}
