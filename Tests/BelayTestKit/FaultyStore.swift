package import BelayCore
package import BelayStore
package import BelaySystem
import Synchronization

/// A store in which things go wrong as a script says.
///
/// Everything that no rule speaks of goes on to the store behind it.
package final class FaultyStore: ObjectStore {
    /// The calls of a store.
    package enum Operation: Hashable, Sendable, CaseIterable {
        case prepare
        case save
        case load
        case size
        case list
        case remove
    }

    /// What goes wrong with a call.
    package enum Fault: Sendable {
        /// It fails and has done nothing.
        case fail(StoreError)
        /// It does its work, but the answer is lost and an error comes instead.
        case loseAnswer(StoreError)
        /// What is read has one bit changed; counted from the start, modulo the length.
        case flipBit(Int)
        /// Others come first, so many times.
        case delay(turns: Int)
        /// This call and all after it fail.
        case disconnect
        /// Something else happens first.
        case call(@Sendable () -> Void)
    }

    /// Which calls a fault meets.
    package struct Rule: Sendable {
        /// `nil` for all.
        package var operation: Operation?
        /// The kind of file; `nil` for all.
        package var kind: FileKind?
        /// Which of the calls that match, counted from 0.
        package var turns: Range<Int>
        package var fault: Fault

        package init(
            _ fault: Fault,
            on operation: Operation? = nil,
            of kind: FileKind? = nil,
            turns: Range<Int> = 0..<Int.max
        ) {
            self.fault = fault
            self.operation = operation
            self.kind = kind
            self.turns = turns
        }
    }

    private struct State {
        var met: [Int]
        var operations = 0
        var isDisconnected = false
    }

    private let base: any ObjectStore
    private let rules: [Rule]
    private let state: Mutex<State>
    package var properties: StoreProperties { base.properties }

    package init(_ base: any ObjectStore, _ rules: [Rule]) {
        self.base = base
        self.rules = rules
        state = Mutex(State(met: rules.map { _ in 0 }))
    }

    /// The disk cannot be read or written.
    package static let inputOutputError = StoreError.failed(
        SystemError(call: "pread", subject: "", number: 5)
    )
    /// There is no space left.
    package static let full = StoreError.full(SystemError(call: "write", subject: "", number: 28))
    /// The user may not.
    package static let denied = StoreError.denied(SystemError(call: "open", subject: "", number: 13))
    /// Nobody answers any more.
    package static let connectionLost = StoreError.failed(
        SystemError(call: "connect", subject: "", number: 104)
    )

    /// Calls so far.
    package var operations: Int { state.withLock { $0.operations } }

    // MARK: - ObjectStore

    package func prepare() async throws(StoreError) {
        try await run(.prepare, nil) { () async throws(StoreError) in try await self.base.prepare() }
    }

    package func save(_ bytes: [UInt8], as handle: Handle, durability: Durability) async throws(StoreError) {
        try await run(.save, handle.kind) { () async throws(StoreError) in
            try await self.base.save(bytes, as: handle, durability: durability)
        }
    }

    package func load(_ handle: Handle) async throws(StoreError) -> [UInt8] {
        try await read(handle) { () async throws(StoreError) in try await self.base.load(handle) }
    }

    package func load(_ handle: Handle, range: Range<UInt64>) async throws(StoreError) -> [UInt8] {
        try await read(handle) { () async throws(StoreError) in
            try await self.base.load(handle, range: range)
        }
    }

    package func size(of handle: Handle) async throws(StoreError) -> UInt64? {
        try await run(.size, handle.kind) { () async throws(StoreError) in
            try await self.base.size(of: handle)
        }
    }

    package func list(_ kind: FileKind) async throws(StoreError) -> [StoredFile] {
        try await run(.list, kind) { () async throws(StoreError) in try await self.base.list(kind) }
    }

    package func remove(_ handle: Handle) async throws(StoreError) {
        try await run(.remove, handle.kind) { () async throws(StoreError) in
            try await self.base.remove(handle)
        }
    }

    // MARK: - Faults

    private func read(
        _ handle: Handle,
        _ body: () async throws(StoreError) -> [UInt8]
    ) async throws(StoreError) -> [UInt8] {
        let faults = begin(.load, handle.kind)
        var bytes = try await run(faults, body)
        for case .flipBit(let bit) in faults where !bytes.isEmpty {
            bytes[(bit / 8) % bytes.count] ^= 1 << UInt8(bit % 8)
        }
        return bytes
    }

    private func run<Result>(
        _ operation: Operation,
        _ kind: FileKind?,
        _ body: () async throws(StoreError) -> Result
    ) async throws(StoreError) -> Result {
        try await run(begin(operation, kind), body)
    }

    private func run<Result>(
        _ faults: [Fault],
        _ body: () async throws(StoreError) -> Result
    ) async throws(StoreError) -> Result {
        for fault in faults {
            switch fault {
            case .fail(let error): throw error
            case .disconnect: throw Self.connectionLost
            case .delay(let turns): for _ in 0..<turns { await Task.yield() }
            case .call(let action): action()
            case .loseAnswer, .flipBit: break
            }
        }
        let result = try await body()
        for case .loseAnswer(let error) in faults { throw error }
        return result
    }

    /// Counts a call and gives the faults that meet it.
    private func begin(_ operation: Operation, _ kind: FileKind?) -> [Fault] {
        state.withLock { state in
            state.operations += 1
            if state.isDisconnected { return [.disconnect] }
            var faults: [Fault] = []
            for (position, rule) in rules.enumerated() {
                guard rule.operation == nil || rule.operation == operation else { continue }
                guard rule.kind == nil || rule.kind == kind else { continue }
                if rule.turns.contains(state.met[position]) { faults.append(rule.fault) }
                state.met[position] += 1
            }
            for case .disconnect in faults { state.isDisconnected = true }
            return faults
        }
    }
}
