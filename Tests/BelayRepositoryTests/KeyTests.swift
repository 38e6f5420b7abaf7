import BelayCore
import BelayFormat
import BelayRepository
import BelayStore
import BelaySystem
import BelayTestKit
import Testing

@Suite struct `A repository's keys` {
    private let other = Array("another".utf8)

    @Test func `open it, each with its password`() async throws {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        let id = try await repository.addKey(
            password: other,
            parameters: try Sample.parameters(),
            label: "backup"
        )
        let opened = try await Repository.open(store, password: other, surroundings: Sample.surroundings())
        #expect(opened.keyID == id)
        #expect(opened.config == repository.config)
        #expect(Set(try await opened.keys().map(\.username)) == ["ada", "backup"])
    }

    @Test func `refuse a wrong password`() async throws {
        let store = MemoryStore()
        _ = try await Sample.create(in: store)
        let error = await #expect(throws: BelayError.self) {
            try await Repository.open(store, password: [1], surroundings: Sample.surroundings())
        }
        #expect(error?.code == .passwordWrong)
        #expect(error?.code.exitStatus == 12)
    }

    @Test func `cannot be removed while in use`() async throws {
        let repository = try await Sample.create(in: MemoryStore())
        let error = await #expect(throws: BelayError.self) {
            try await repository.removeKey(repository.keyID)
        }
        #expect(error?.code == .keyInUse)
    }

    @Test func `are changed without a moment in which none opens`() async throws {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        let new = try await repository.changeKey(password: other, parameters: try Sample.parameters())
        let opened = try await Repository.open(store, password: other, surroundings: Sample.surroundings())
        #expect(opened.keyID == new)
        await #expect(throws: BelayError.self) { try await Sample.open(store) }
    }

    @Test func `stay the keys of those for whom they were made when they are changed`() async throws {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        let parameters = try Sample.parameters()
        _ = try await repository.addKey(password: other, parameters: parameters, label: "grace")
        var surroundings = Sample.surroundings()
        surroundings.host.username = "root"
        surroundings.host.hostname = "elsewhere"
        let opened = try await Repository.open(store, password: other, surroundings: surroundings)
        let id = try await opened.changeKey(password: Array("third".utf8), parameters: parameters)
        let key = try #require(try await opened.keys().first { $0.id == id })
        #expect(key.username == "grace" && key.hostname == "mill")
    }

    @Test func `are found beside files that are no keys`() async throws {
        let store = MemoryStore()
        _ = try await Sample.create(in: store)
        for (number, garbage) in [[], Array("{".utf8), Array("{\"kdf\":\"argon2\"}".utf8)].enumerated() {
            store.damage(Handle(kind: .key, digest: Digest(UInt64(number), 0, 0, 1)), with: garbage)
        }
        let opened = try await Sample.open(store)
        #expect(opened.notes.count >= 2)
    }

    @Test func `are not made twice in one place`() async throws {
        let store = MemoryStore()
        _ = try await Sample.create(in: store)
        let error = await #expect(throws: BelayError.self) { try await Sample.create(in: store) }
        #expect(error?.code == .repositoryExists)
    }

    /// Whatever instant the power goes at while a password is changed, the old or the new one opens.
    @Test func `survive a power cut at any step of a change`() async throws {
        let whole = SimulatedStore()
        _ = try await Sample.create(in: whole)
        let files = whole.files
        for change in 0..<16 {
            for isIncluded in [false, true] {
                let store = SimulatedStore(
                    files,
                    seed: UInt64(change),
                    cut: .init(atChange: change, included: isIncluded)
                )
                do {
                    let repository = try await Sample.open(store)
                    _ = try await repository.changeKey(password: other, parameters: try Sample.parameters())
                } catch {
                    #expect(store.isDown, "only the cut may stop it: \(error)")
                }
                let after = store.restart()
                var opens = false
                for password in [Sample.password, other] {
                    // That one of the two does not open is what is expected.
                    let opened = try? await Repository.open(
                        after,
                        password: password,
                        surroundings: Sample.surroundings(run: 2)
                    )
                    opens = opens || opened != nil
                }
                #expect(opens, "change \(change), included \(isIncluded)")
            }
        }
    }

    /// A password that was taken away because somebody else knows it must not open anything after a power cut.
    @Test func `stay removed when the power goes right afterwards`() async throws {
        let whole = SimulatedStore()
        let first = try await Sample.create(in: whole)
        _ = try await first.addKey(password: other, parameters: try Sample.parameters(), label: nil)
        let files = whole.files
        for seed in 0..<32 as Range<UInt64> {
            let store = SimulatedStore(files, seed: seed)
            let surroundings = Sample.surroundings()
            let repository = try await Repository.open(store, password: other, surroundings: surroundings)
            try await repository.removeKey(first.keyID)
            let after = store.restart()
            await #expect(throws: BelayError.self) { try await Sample.open(after) }
        }
    }
}
