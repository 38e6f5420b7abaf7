import BelayCore
import BelayFormat
import Testing

@Suite struct `A key file` {
    private static let master = MasterKey(randomBytes: (1...64).map { UInt8($0) })
    private static let time = Timestamp(seconds: 1_714_557_600, nanoseconds: 5)

    private func make(_ parameters: ScryptParameters = .randomKey, password: String) throws -> KeyFile {
        try KeyFile.create(
            master: Self.master,
            password: Array(password.utf8),
            parameters: parameters,
            salt: stream("salt", length: 64),
            created: Self.time,
            username: "ada",
            hostname: "mill"
        )
    }

    @Test func `derives, opens and rewrites the published vectors`() throws {
        for vector in try Vectors.shared.get().kdf {
            let text = Array(vector.keyFileText.utf8)
            let file = try KeyFile.decode(text)
            #expect(BlobHasher.digest(text).hexadecimal == vector.keyFileName)
            #expect(file.encode() == text)
            #expect(
                file.parameters
                    == (try ScryptParameters(
                        cost: vector.cost,
                        blockSize: vector.r,
                        parallelization: vector.p
                    ))
            )
            let password = try bytes(vector.passwordHex)
            let keySet = try file.parameters.keySet(password: password, salt: file.salt)
            #expect(keySet.encryptKey == (try bytes(vector.encryptKeyHex)))
            #expect(keySet.macK == (try bytes(vector.macKHex)))
            #expect(keySet.macR == (try bytes(vector.macRHex)))
            let master = try file.unlock(password: password)
            #expect(master.json() == Array(vector.decryptedDataUtf8.utf8))
        }
    }

    @Test func `opens with its password only`() throws {
        let file = try KeyFile.decode(make(password: "right").encode())
        #expect(file.username == "ada")
        #expect(file.hostname == "mill")
        #expect(file.created == Self.time)
        #expect(try file.unlock(password: Array("right".utf8)).json() == Self.master.json())
        #expect(throws: FormatError.wrongPassword) { try file.unlock(password: Array("wrong".utf8)) }
        #expect(throws: FormatError.wrongPassword) { try file.unlock(password: []) }
    }

    @Test func `may have an empty password`() throws {
        #expect(try make(password: "").unlock(password: []).json() == Self.master.json())
    }

    @Test(arguments: [0, 8, 32, 63, 65]) func `refuses a salt of another length`(length: Int) {
        #expect(throws: FormatError.self) {
            try KeyFile.create(
                master: Self.master,
                password: [],
                parameters: .randomKey,
                salt: [UInt8](repeating: 1, count: length),
                created: Self.time,
                username: "",
                hostname: ""
            )
        }
    }

    @Test func `accepts unknown fields, space and missing information`() throws {
        let text = String(decoding: try make(password: "p").encode(), as: UTF8.self)
        let start = try #require(text.firstRange(of: "\"kdf\""))
        let loose = "{ \"later\": [1, {\"a\": null}],\n " + text[start.lowerBound...] + "\n"
        let file = try KeyFile.decode(Array(loose.utf8))
        #expect(file.created == .missing)
        #expect(try file.unlock(password: Array("p".utf8)).json() == Self.master.json())
    }

    @Test(
        arguments: [
            (0, 8, 1), (1, 8, 1), (3, 8, 1), (6, 8, 1), (1024, 0, 1), (1024, 8, 0), (1 << 21, 8, 1),
            (2, 1 << 30, 1), (2, 1 << 62, 8), (1 << 63, 1, 1), (2, 1, 1 << 29), (1024, 8, 1 << 20),
        ] as [(UInt64, UInt64, UInt64)]
    )
    func `refuses parameters that are wrong or take too much`(
        cost: UInt64,
        blockSize: UInt64,
        parallelization: UInt64
    ) {
        #expect(throws: FormatError.self) {
            try ScryptParameters(cost: cost, blockSize: blockSize, parallelization: parallelization)
        }
    }

    @Test(arguments: [(2, 1, 1), (2, 8, 1), (4, 1, 1), (16384, 8, 1)] as [(UInt64, UInt64, UInt64)])
    func `accepts every cost restic does`(
        cost: UInt64,
        blockSize: UInt64,
        parallelization: UInt64
    ) throws {
        let parameters = try ScryptParameters(
            cost: cost,
            blockSize: blockSize,
            parallelization: parallelization
        )
        #expect(
            try make(parameters, password: "x").unlock(password: Array("x".utf8)).json()
                == Self.master.json()
        )
    }

    @Test func `refuses another derivation`() throws {
        let text = String(decoding: try make(password: "p").encode(), as: UTF8.self)
        let other = text.replacing("\"scrypt\"", with: "\"argon2\"")
        #expect(throws: FormatError.unsupported(what: "key derivation", detail: "argon2")) {
            try KeyFile.decode(Array(other.utf8))
        }
    }

    @Test func `refuses a master key with a part that is zero, missing or short`() {
        let full = String(decoding: Self.master.json(), as: UTF8.self)
        let zero = String(repeating: "A", count: 22) + "=="
        for text in [
            "{}", #"{"mac":{"k":"AA==","r":"AA=="},"encrypt":"AA=="}"#,
            full.replacing(#/"k":"[^"]*"/#, with: "\"k\":\"\(zero)\""),
            full.replacing(#/"r":"[^"]*"/#, with: "\"r\":\"\(zero)\""),
        ] {
            #expect(throws: FormatError.self) { try MasterKey(json: Array(text.utf8)) }
        }
    }

    @Test func `does not show a key`() {
        #expect("\(Self.master)" == "MasterKey(hidden)")
        #expect(Mirror(reflecting: Self.master).children.isEmpty)
    }
}
