package import BelayCore

/// The file that holds the key of one repository, readable by its owner alone.
///
/// Its content is the password as text and nothing else, so that restic's `--password-file` takes it too.
package enum KeyFile {
    /// Where the key of a repository lies.
    ///
    /// The name follows from where the repository is, with links resolved and without credentials, so that
    /// the key can be written before the repository exists and is found again by every way of naming it.
    package static func path(for repository: RepositoryChoice, in directories: UserDirectories) -> String {
        let location =
            switch repository.place {
            case .local(let path): ProjectFiles.canonicalPath(path)
            case .remote(let remote): remote.description
            }
        return PathText.join(directories.configuration, "keys/\(fileName(for: location)).key")
    }

    /// More of a location is not shown in a file's name.
    private static let readableMaximum = 32

    /// The last names of the location, as many as are readable, and 64 bits that stand for all of it.
    private static func fileName(for location: String) -> String {
        var words: [String] = []
        for name in location.split(separator: "/").reversed() {
            let readable = name.unicodeScalars.map { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                    ? Character(scalar) : "-"
            }
            let word = String(readable).split(separator: "-").joined(separator: "-")
            if word.isEmpty { continue }
            let length = words.reduce(word.count) { $0 + $1.count + 1 }
            if length > readableMaximum && !words.isEmpty { break }
            words.insert(String(word.prefix(readableMaximum)), at: 0)
        }
        // FNV-1a: the name needs no strength, only to be the same on every machine and in every version.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in location.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        let digits = String(hash, radix: 16)
        let padding = String(repeating: "0", count: 16 - digits.count)
        return (words + [padding + digits]).joined(separator: "-")
    }

    /// Reads the key, if its owner is the only one who can.
    ///
    /// - Throws: `password.missing` if the file cannot be read, belongs to somebody else's eyes too, or is
    ///   empty.
    package static func read(_ path: String) throws(BelayError) -> Secret {
        let bytes: [UInt8]
        let facts: ProjectFiles.Facts
        do {
            (bytes, facts) = try ProjectFiles.readRegularWithFacts(
                path,
                limit: PasswordSource.Limit.passwordBytes
            )
        } catch {
            throw BelayError(
                .passwordMissing,
                "cannot read the key file `\(path)`: \(error)",
                hint: error.isMissing
                    ? "write the recovery key to that file"
                    : "check its owner and permissions, or give the password with --password-file",
                subjects: [path]
            )
        }
        guard facts.permissions & 0o077 == 0 else {
            let mode = String(facts.permissions & 0o777, radix: 8)
            throw BelayError(
                .passwordMissing,
                "refusing the key file `\(path)`: others than its owner may use it (mode \(mode), not 600)",
                hint: "run `chmod 600 \(path)`, and change the key if others use this machine",
                subjects: [path]
            )
        }
        let secret = Secret(bytes: SecretText.trimmed(bytes))
        guard !secret.isEmpty else {
            throw BelayError(
                .passwordMissing,
                "the key file `\(path)` is empty",
                hint: "write the recovery key to that file",
                subjects: [path]
            )
        }
        return secret
    }

    /// Writes a new key, mode 600, and returns once it is on stable storage.
    ///
    /// Call it before the repository is created: a repository without its key is lost. An existing file is
    /// never replaced.
    package static func create(_ key: RecoveryKey, at path: String) throws(BelayError) {
        do {
            try ProjectFiles.createPrivate(path, key.secret.reveal() + [0x0A])
        } catch {
            throw BelayError(
                .fileSystem,
                "cannot create the key file `\(path)`: \(error)",
                hint:
                    "check the folder's permissions and the space left, or name another with XDG_CONFIG_HOME",
                subjects: [path]
            )
        }
    }
}
