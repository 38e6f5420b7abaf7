package import BelayCore

/// A key file: the master key of a repository, sealed under a key set derived from a password.
package struct KeyFile: Hashable, Sendable {
    /// When, by whom and where it was made: information only.
    package var created: Timestamp
    package var username: String
    package var hostname: String
    package var parameters: ScryptParameters
    /// 64 bytes.
    package var salt: [UInt8]
    /// The master key in its stored form, sealed.
    package var data: [UInt8]

    /// The length of a salt; restic refuses every other.
    package static let saltLength = 64
    /// What a key file is at most; restic's have about 450 bytes.
    package static let lengthMaximum = 64 * 1024

    /// Seals `master` for `password` under 64 random bytes of `salt`.
    package static func create(
        master: MasterKey,
        password: [UInt8],
        parameters: ScryptParameters,
        salt: [UInt8],
        created: Timestamp,
        username: String,
        hostname: String
    ) throws(FormatError) -> KeyFile {
        try checkSalt(salt)
        let user = try parameters.keySet(password: password, salt: salt)
        return KeyFile(
            created: created,
            username: username,
            hostname: hostname,
            parameters: parameters,
            salt: salt,
            data: Envelope(key: user).seal(master.json())
        )
    }

    /// The master key.
    ///
    /// - Throws: ``FormatError/wrongPassword`` if the password is another key's.
    package func unlock(password: [UInt8]) throws(FormatError) -> MasterKey {
        let user = try parameters.keySet(password: password, salt: salt)
        do {
            return try MasterKey(json: Envelope(key: user).open(data))
        } catch FormatError.authenticationFailed {
            throw .wrongPassword
        } catch {
            throw error
        }
    }

    /// The file's bytes, in restic's order; the file is named by their SHA-256.
    package func encode() -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 512)
        writer.beginObject()
        writer.key("created")
        writer.timestamp(created)
        writer.key("username")
        writer.string(username)
        writer.key("hostname")
        writer.string(hostname)
        writer.key("kdf")
        writer.string(literal: "scrypt")
        writer.key("N")
        writer.unsigned(parameters.cost)
        writer.key("r")
        writer.unsigned(parameters.blockSize)
        writer.key("p")
        writer.unsigned(parameters.parallelization)
        writer.key("salt")
        writer.base64(salt)
        writer.key("data")
        writer.base64(data)
        writer.endObject()
        return writer.bytes
    }

    /// The key file in `bytes`; unknown fields and missing information are accepted.
    package static func decode(_ bytes: [UInt8]) throws(FormatError) -> KeyFile {
        guard bytes.count <= lengthMaximum else {
            throw .tooLarge(what: "the length in bytes of the key file", limit: lengthMaximum)
        }
        return try bytes.withBytes { (bytes) throws(FormatError) in try KeyFile(reading: bytes) }
    }

    private init(
        created: Timestamp,
        username: String,
        hostname: String,
        parameters: ScryptParameters,
        salt: [UInt8],
        data: [UInt8]
    ) {
        self.created = created
        self.username = username
        self.hostname = hostname
        self.parameters = parameters
        self.salt = salt
        self.data = data
    }

    private init(reading bytes: UnsafeRawBufferPointer) throws(FormatError) {
        var derivation = ""
        var cost: UInt64 = 0
        var blockSize: UInt64 = 0
        var parallelization: UInt64 = 0
        created = .missing
        username = ""
        hostname = ""
        salt = []
        data = []
        var reader = JSONReader(bytes, of: "key file")
        try reader.enterObject()
        while let key = try reader.nextKey() {
            if try reader.skipNull() { continue }
            switch key {
            case "created": created = try reader.timestamp()
            case "username": username = try reader.string().text
            case "hostname": hostname = try reader.string().text
            case "kdf": derivation = try reader.string().text
            case "N": cost = try reader.unsigned()
            case "r": blockSize = try reader.unsigned()
            case "p": parallelization = try reader.unsigned()
            case "salt": salt = try reader.base64()
            case "data": data = try reader.base64()
            default: try reader.skipValue()
            }
        }
        try reader.finish()
        guard derivation == "scrypt" else {
            throw .unsupported(what: "key derivation", detail: derivation.isEmpty ? "none" : derivation)
        }
        try Self.checkSalt(salt)
        parameters = try ScryptParameters(
            cost: cost,
            blockSize: blockSize,
            parallelization: parallelization
        )
    }

    private static func checkSalt(_ salt: [UInt8]) throws(FormatError) {
        guard salt.count == saltLength else {
            throw .malformed(what: "key file", detail: "the salt has \(salt.count) bytes instead of 64")
        }
    }
}

extension JSONWriter {
    /// Writes an RFC 3339 timestamp.
    package mutating func timestamp(_ value: Timestamp) {
        string { (target: inout [UInt8]) in TimestampText.append(value, to: &target) }
    }

    /// Writes a digest as a string of 64 digits.
    package mutating func digest(_ value: Digest) {
        string { (target: inout [UInt8]) in DigestText.append(value, to: &target) }
    }
}
