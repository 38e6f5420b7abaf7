import BelayCore
package import BelayFormat
package import BelayStore
import BelaySystem

extension Repository {
    /// Makes a new repository in an empty store and opens it.
    ///
    /// The key comes first and the config last: until the config is there nothing counts as a repository, so
    /// an interrupted creation can be begun again after removing what is left.
    ///
    /// - Throws: `repository.exists` if there is a config, a key or a snapshot already.
    package static func create(
        in store: any ObjectStore,
        password: [UInt8],
        parameters: ScryptParameters,
        surroundings: Surroundings
    ) async throws -> Repository {
        try await refuseExisting(store)
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
        try await repository.save(repository.makeEnvelope().seal(config.encode()), as: .config)
        return repository
    }

    private static func refuseExisting(_ store: any ObjectStore) async throws {
        do throws(StoreError) {
            var isTaken = try await store.size(of: .config) != nil
            for kind in [FileKind.key, .snapshot] where !isTaken {
                isTaken = try await !store.list(kind).isEmpty
            }
            guard isTaken else { return }
        } catch {
            throw failure("cannot look for a repository at \(store.properties.location)", error)
        }
        throw BelayError(
            .repositoryExists,
            "there is a repository at \(store.properties.location) already",
            hint: "use it as it is, or name another place with --repo"
        )
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
