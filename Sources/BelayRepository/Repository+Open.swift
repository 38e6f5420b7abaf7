import BelayCore
import BelayFormat
package import BelayStore
package import BelaySystem

extension Repository {
    /// Where caches go, who asks and what time it is.
    package struct Surroundings: Sendable {
        package var host: HostIdentity
        package var clock: any WallClock
        /// The folder that holds a folder of caches for each repository; `nil` for no caches.
        package var cachesFolder: String?

        package init(host: HostIdentity, clock: any WallClock, cachesFolder: String?) {
            self.host = host
            self.clock = clock
            self.cachesFolder = cachesFolder
        }

        func cacheFolder(for config: RepositoryConfig) -> String? {
            cachesFolder.map { "\($0)/\(config.id)" }
        }
    }

    /// More key files than this are not tried: each try may cost a tenth of a second.
    private static let keyFilesMaximum = 64

    /// Opens a repository with a password.
    ///
    /// Key files that are no key files are skipped, where restic would fail, and noted.
    ///
    /// - Throws: `repository.missing`, `password.wrong`, or what the store says.
    package static func open(
        _ store: any ObjectStore,
        password: [UInt8],
        surroundings: Surroundings
    ) async throws -> Repository {
        let sealedConfig = try await loadConfig(store)
        let opened = try await unlockKey(store, password: password, config: sealedConfig)
        let json: [UInt8]
        let config: RepositoryConfig
        do throws(FormatError) {
            json = try Envelope(key: opened.master).open(sealedConfig)
            config = try RepositoryConfig.decode(json)
        } catch {
            throw BelayError(
                .repositoryDamaged,
                "the config of the repository at \(store.properties.location) cannot be read",
                hint: "restore the file `config` from a copy of the repository",
                subjects: ["config"],
                cause: error
            )
        }
        let repository = Repository(
            store: store,
            config: config,
            keyID: opened.id,
            masterKey: opened.master,
            host: surroundings.host,
            clock: surroundings.clock,
            cacheFolder: surroundings.cacheFolder(for: config)
        )
        for note in opened.notes { repository.note(note) }
        return repository
    }

    /// Whether there is a repository.
    package static func exists(_ store: any ObjectStore) async throws -> Bool {
        do throws(StoreError) {
            return try await store.size(of: .config) != nil
        } catch {
            throw failure("cannot look for a repository at \(store.properties.location)", error)
        }
    }

    private static func loadConfig(_ store: any ObjectStore) async throws -> [UInt8] {
        do throws(StoreError) {
            return try await store.load(.config)
        } catch .missing {
            guard try await isEmpty(store) else {
                throw BelayError(
                    .repositoryDamaged,
                    "the repository at \(store.properties.location) has lost its file `config`, and cannot be opened without it",
                    hint: "restore the file `config` from a copy of the repository",
                    subjects: ["config"]
                )
            }
            throw BelayError(
                .repositoryMissing,
                "there is no repository at \(store.properties.location)",
                hint: "run `belay init` to create it, or name another with --repo"
            )
        } catch {
            throw failure("cannot open the repository at \(store.properties.location)", error)
        }
    }

    /// Whether there is nothing of a repository either; a key alone is what a creation leaves that was
    /// cut off.
    private static func isEmpty(_ store: any ObjectStore) async throws -> Bool {
        do throws(StoreError) {
            for kind in [FileKind.snapshot, .index, .pack] where try await !store.list(kind).isEmpty {
                return false
            }
            return true
        } catch .missing {
            return true
        } catch {
            throw failure("cannot open the repository at \(store.properties.location)", error)
        }
    }

    private struct OpenedKey {
        var id: KeyID
        var master: MasterKey
        var notes: [String]
    }

    private static func unlockKey(
        _ store: any ObjectStore,
        password: [UInt8],
        config: [UInt8]
    ) async throws -> OpenedKey {
        let files: [StoredFile]
        do throws(StoreError) {
            files = try await store.list(.key)
        } catch {
            throw failure("cannot list the keys of the repository", error)
        }
        var notes: [String] = []
        // Cheap keys first: random ones need no slow derivation.
        var keys: [(id: KeyID, file: KeyFile)] = []
        for file in files {
            guard file.size <= UInt64(KeyFile.lengthMaximum) else { continue }
            do {
                let bytes = try await store.load(file.handle)
                guard BlobHasher.digest(bytes) == file.handle.digest else {
                    notes.append("\(file.handle) is damaged: its contents do not match its name")
                    continue
                }
                keys.append((KeyID(file.handle.digest), try KeyFile.decode(bytes)))
            } catch let error as StoreError {
                if case .missing = error { continue }
                throw failure("cannot read \(file.handle)", error)
            } catch {
                notes.append("\(file.handle) is no usable key: \(error)")
            }
        }
        keys.sort { $0.file.parameters.cost < $1.file.parameters.cost }
        var strange: OpenedKey?
        for key in keys.prefix(keyFilesMaximum) {
            do throws(FormatError) {
                let master = try key.file.unlock(password: password)
                let opened = OpenedKey(id: key.id, master: master, notes: notes)
                do throws(FormatError) {
                    _ = try Envelope(key: master).open(config)
                    return opened
                } catch {
                    // The key of another creation, or a damaged config: the others will tell.
                    strange = strange ?? opened
                }
            } catch .wrongPassword {
                continue
            } catch {
                notes.append("keys/\(key.id) is no usable key: \(error)")
            }
        }
        if let strange { return strange }
        guard !keys.isEmpty else {
            throw BelayError(
                .repositoryDamaged,
                "the repository at \(store.properties.location) has no usable key",
                hint: "restore the files in `keys` from a copy of the repository",
                subjects: notes
            )
        }
        throw BelayError(
            .passwordWrong,
            "the password opens none of the \(keys.count) keys of the repository at \(store.properties.location)",
            hint: notes.isEmpty
                ? "check BELAY_PASSWORD, --password-file or the key file, or use the recovery key"
                : "use another password, or restore the damaged key from a copy of the repository",
            subjects: notes
        )
    }
}
