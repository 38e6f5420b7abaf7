package import BelayCore
package import BelayFormat
import BelayStore
import BelaySystem

/// A key of the repository, as `key list` shows it.
package struct KeyEntry: Sendable {
    package var id: KeyID
    package var username: String
    package var hostname: String
    package var created: Timestamp
    /// Whether it is the key that opened the repository.
    package var isCurrent: Bool
}

extension Repository {
    /// The keys that can be read, oldest first.
    package func keys() async throws -> [KeyEntry] {
        var entries: [KeyEntry] = []
        for file in try await list(.key) {
            do {
                let bytes = try await load(file.handle)
                guard BlobHasher.digest(bytes) == file.handle.digest else {
                    note("\(file.handle) is damaged: its contents do not match its name")
                    continue
                }
                let key = try KeyFile.decode(bytes)
                let id = KeyID(file.handle.digest)
                entries.append(
                    KeyEntry(
                        id: id,
                        username: key.username,
                        hostname: key.hostname,
                        created: key.created,
                        isCurrent: id == keyID
                    )
                )
            } catch let error as FormatError {
                note("\(file.handle) is no usable key: \(error)")
            }
        }
        return entries.sorted { ($0.created, $0.id) < ($1.created, $1.id) }
    }

    /// Looks whether a key file is whole.
    ///
    /// - Throws: `repository.damaged` or a `FormatError` if not.
    func checkKey(_ id: KeyID) async throws {
        let bytes = try await load(Handle(id))
        guard BlobHasher.digest(bytes) == id.digest else {
            throw BelayError(.repositoryDamaged, "its contents do not match its name")
        }
        _ = try KeyFile.decode(bytes)
    }

    /// Adds a password; gives its key's id.
    ///
    /// - Throws: `repository.read-only`, as all that changes keys.
    package func addKey(
        password: [UInt8],
        parameters: ScryptParameters,
        label: String? = nil
    ) async throws -> KeyID {
        try requireWritable()
        return try await withLock(.shared) { _ in
            var host = self.host
            if let label { host.username = label }
            return try await Self.saveKey(masterKey, password, parameters, store, host, clock.now())
        }
    }

    /// Removes a key other than the one in use.
    package func removeKey(_ id: KeyID) async throws {
        try requireWritable()
        guard id != keyID else {
            throw BelayError(
                .keyInUse,
                "cannot remove key \(id.short): it opened the repository just now",
                hint: "add another key, then remove this one while using that"
            )
        }
        try await withLock(.exclusive) { lock in
            guard try await list(.key).contains(where: { $0.handle == Handle(id) }) else {
                throw BelayError(
                    .keyNotFound,
                    "the repository has no key \(id.short)",
                    hint: "run `belay key list`"
                )
            }
            try await lock.requireHeld()
            try await remove(Handle(id))
            try await settleRemovals(of: .key)
        }
    }

    /// Replaces the key in use by one with another password; gives its id.
    ///
    /// It stays the key of whom it was made for, whoever changes its password. The new key is stored and opened before
    /// the old one goes: killed in between, both open the repository.
    package func changeKey(password: [UInt8], parameters: ScryptParameters) async throws -> KeyID {
        try requireWritable()
        return try await withLock(.exclusive) { lock in
            var host = self.host
            if let old = try await keys().first(where: \.isCurrent) {
                (host.username, host.hostname) = (old.username, old.hostname)
            }
            let new = try await Self.saveKey(masterKey, password, parameters, store, host, clock.now())
            try await lock.requireHeld()
            try await remove(Handle(keyID))
            try await settleRemovals(of: .key)
            return new
        }
    }
}
