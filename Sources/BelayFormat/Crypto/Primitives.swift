import COpenSSL

// The one file that calls libcrypto. Its functions report failure only when memory runs out or the library
// is unfit to use; neither depends on the input, so a failure here ends the process with a sentence.

/// AES-256 in counter mode, the whole 16-byte block being one big-endian counter.
final class CounterCipher {
    private let context: OpaquePointer

    init(key: [UInt8]) {
        precondition(key.count == 32, "AES-256 takes a key of 32 bytes")
        context = required(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new")
        // Fetched once here: every later start only changes the counter.
        require(EVP_EncryptInit_ex2(context, EVP_aes_256_ctr(), key, nil, nil), "AES-256-CTR")
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    /// Sets the first counter block: 16 bytes.
    func start(at counter: UnsafePointer<UInt8>) {
        require(EVP_EncryptInit_ex2(context, nil, nil, counter, nil), "AES-256-CTR")
    }

    /// Encrypts or decrypts the next `count` bytes; both pointers may be the same.
    func apply(from source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>, count: Int32) {
        var written: Int32 = 0
        require(EVP_EncryptUpdate(context, target, &written, source, count), "AES-256-CTR")
    }
}

/// Poly1305-AES: Poly1305 whose second key half is the encrypted nonce.
final class Poly1305AES {
    static let tagLength = 16

    private let block: OpaquePointer
    private let authenticator: OpaquePointer
    /// `r`, and room for `s`.
    private let oneTimeKey: UnsafeMutablePointer<UInt8>

    init(k: [UInt8], r: [UInt8]) {
        precondition(k.count == 16 && r.count == 16, "Poly1305-AES takes two keys of 16 bytes")
        block = required(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new")
        require(EVP_EncryptInit_ex2(block, EVP_aes_128_ecb(), k, nil, nil), "AES-128")
        require(EVP_CIPHER_CTX_set_padding(block, 0), "AES-128")
        let algorithm = required(EVP_MAC_fetch(nil, "POLY1305", nil), "POLY1305")
        authenticator = required(EVP_MAC_CTX_new(algorithm), "EVP_MAC_CTX_new")
        EVP_MAC_free(algorithm)
        oneTimeKey = .allocate(capacity: 32)
        oneTimeKey.initialize(repeating: 0, count: 32)
        oneTimeKey.update(from: r, count: 16)
    }

    deinit {
        EVP_CIPHER_CTX_free(block)
        EVP_MAC_CTX_free(authenticator)
        OPENSSL_cleanse(oneTimeKey, 32)
        oneTimeKey.deallocate()
    }

    /// Begins a tag under a nonce of 16 bytes.
    func start(nonce: UnsafePointer<UInt8>) {
        var written: Int32 = 0
        require(EVP_EncryptUpdate(block, oneTimeKey + 16, &written, nonce, 16), "AES-128")
        // Poly1305 masks r itself.
        require(EVP_MAC_init(authenticator, oneTimeKey, 32, nil), "POLY1305")
    }

    func update(_ bytes: UnsafePointer<UInt8>, count: Int) {
        require(EVP_MAC_update(authenticator, bytes, count), "POLY1305")
    }

    /// Writes the 16 bytes of the tag.
    func finish(into tag: UnsafeMutablePointer<UInt8>) {
        var written = 0
        require(EVP_MAC_final(authenticator, tag, &written, Self.tagLength), "POLY1305")
    }
}

/// SHA-256 over bytes that come in pieces; the context is used again after each digest.
final class SHA256Context {
    private let context: OpaquePointer

    init() {
        context = required(EVP_MD_CTX_new(), "EVP_MD_CTX_new")
        start()
    }

    deinit { EVP_MD_CTX_free(context) }

    private func start() {
        require(EVP_DigestInit_ex2(context, SHA256Algorithm.shared.pointer, nil), "SHA-256")
    }

    func update(_ bytes: UnsafeRawBufferPointer) {
        require(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count), "SHA-256")
    }

    /// Writes the 32 bytes of the digest and starts anew.
    func finish(into digest: UnsafeMutablePointer<UInt8>) {
        require(EVP_DigestFinal_ex(context, digest, nil), "SHA-256")
        start()
    }
}

/// The implementation of SHA-256, looked up once: the lookup costs more than hashing a small file.
///
/// Sendable because libcrypto's algorithm objects are immutable and may be used by any thread at a time.
private struct SHA256Algorithm: @unchecked Sendable {
    let pointer: OpaquePointer

    static let shared = SHA256Algorithm(pointer: required(EVP_MD_fetch(nil, "SHA2-256", nil), "SHA-256"))
}

/// Functions of libcrypto that need no context.
enum Primitives {
    /// Whether `count` bytes are equal, found in a time that does not depend on where they differ.
    static func equal(_ left: UnsafePointer<UInt8>, _ right: UnsafePointer<UInt8>, count: Int) -> Bool {
        CRYPTO_memcmp(left, right, count) == 0
    }

    /// Fills `target` from libcrypto's random generator, which the operating system seeds.
    static func fillRandomly(_ target: UnsafeMutableBufferPointer<UInt8>) {
        require(RAND_bytes(target.baseAddress, Int32(target.count)), "RAND_bytes")
    }

    /// The first `count` bytes that scrypt derives, or `nil` if libcrypto refuses the parameters or lacks
    /// memory.
    static func scrypt(
        password: [UInt8],
        salt: [UInt8],
        cost: UInt64,
        blockSize: UInt64,
        parallelization: UInt64,
        memoryMaximum: UInt64,
        count: Int
    ) -> [UInt8]? {
        var derived = [UInt8](repeating: 0, count: count)
        let status = password.withUnsafeBytes { password in
            EVP_PBE_scrypt(
                password.baseAddress?.assumingMemoryBound(to: CChar.self),
                password.count,
                salt,
                salt.count,
                cost,
                blockSize,
                parallelization,
                memoryMaximum,
                &derived,
                count
            )
        }
        guard status == 1 else {
            ERR_clear_error()
            return nil
        }
        return derived
    }
}

private func required(_ pointer: OpaquePointer?, _ call: StaticString) -> OpaquePointer {
    guard let pointer else {
        // Invariant: see the top of the file.
        fatalError("libcrypto failed: \(call)")
    }
    return pointer
}

@inline(__always)
private func require(_ status: Int32, _ call: StaticString) {
    // Invariant: see the top of the file.
    if status != 1 { fatalError("libcrypto failed: \(call)") }
}
