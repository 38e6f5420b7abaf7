/// A key set: what seals and opens everything in a repository, or, derived from a password, a key file.
///
/// Never shown: its description tells nothing.
package struct MasterKey: Sendable {
    /// The AES-256 key, 32 bytes.
    package let encryptKey: [UInt8]
    /// The AES-128 key of the authenticator, 16 bytes.
    package let macK: [UInt8]
    /// The multiplier of the authenticator, 16 bytes, unmasked.
    package let macR: [UInt8]

    /// The number of bytes in all three parts.
    package static let byteCount = 64

    /// A key set from 64 random bytes, in the order encrypt, k, r.
    ///
    /// - Precondition: there are 64, and no part is all zero, which random bytes are not.
    package init(randomBytes: [UInt8]) {
        precondition(randomBytes.count == Self.byteCount, "a key set has 64 bytes")
        encryptKey = Array(randomBytes[..<32])
        macK = Array(randomBytes[32..<48])
        macR = Array(randomBytes[48...])
        precondition(isValid, "a part of the key set is zero: the bytes are not random")
    }

    /// A key set from 64 bytes that scrypt derived from a password.
    init(derived bytes: [UInt8]) throws(FormatError) {
        guard bytes.count == Self.byteCount else {
            throw .malformed(what: "key set", detail: "it does not have 64 bytes")
        }
        encryptKey = Array(bytes[..<32])
        macK = Array(bytes[32..<48])
        macR = Array(bytes[48...])
        try validate()
    }

    /// The key set in its stored form, as a key file holds it sealed.
    package init(json: [UInt8]) throws(FormatError) {
        var encryptKey: [UInt8] = []
        var macK: [UInt8] = []
        var macR: [UInt8] = []
        try json.withBytes { (bytes) throws(FormatError) in
            var reader = JSONReader(bytes, of: "master key")
            try reader.enterObject()
            while let key = try reader.nextKey() {
                switch key {
                case "encrypt": encryptKey = try reader.base64()
                case "mac":
                    try reader.enterObject()
                    while let key = try reader.nextKey() {
                        switch key {
                        case "k": macK = try reader.base64()
                        case "r": macR = try reader.base64()
                        default: try reader.skipValue()
                        }
                    }
                default: try reader.skipValue()
                }
            }
            try reader.finish()
        }
        self.encryptKey = encryptKey
        self.macK = macK
        self.macR = macR
        try validate()
    }

    /// The stored form: JSON without a newline.
    package func json() -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 160)
        writer.beginObject()
        writer.key("mac")
        writer.beginObject()
        writer.key("k")
        writer.base64(macK)
        writer.key("r")
        writer.base64(macR)
        writer.endObject()
        writer.key("encrypt")
        writer.base64(encryptKey)
        writer.endObject()
        return writer.bytes
    }

    private var isValid: Bool {
        let hasLengths = encryptKey.count == 32 && macK.count == 16 && macR.count == 16
        return hasLengths && [encryptKey, macK, macR].allSatisfy { part in part.contains { $0 != 0 } }
    }

    private func validate() throws(FormatError) {
        guard isValid else {
            throw .malformed(what: "key set", detail: "a part is missing, zero or of a wrong length")
        }
    }
}

extension MasterKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "MasterKey(hidden)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension JSONWriter {
    /// Writes bytes as a string of base64.
    package mutating func base64(_ value: [UInt8]) {
        string { (target: inout [UInt8]) in value.withBytes { Base64.append($0, to: &target) } }
    }
}
