package import BelayCore
package import BelaySystem
import Synchronization

/// How fast bytes may go to a store and come from it.
package struct RateLimits: Hashable, Sendable {
    /// Bytes in a second; `nil` for as many as can be.
    package var upload: UInt64?
    package var download: UInt64?

    package init(upload: UInt64? = nil, download: UInt64? = nil) {
        self.upload = upload
        self.download = download
    }

    /// Whether there is nothing to limit.
    package var isEmpty: Bool { upload == nil && download == nil }
}

/// A store that is never used faster than it may be, by however many at once.
///
/// A file or range is paid for as a whole: a save waits before it begins, a load before it returns. So the mean over
/// any time keeps to the limit, but for the one file that is under way. Listings and removals are free.
package struct RateLimitedStore<Time: Clock>: ObjectStore where Time.Duration == Duration {
    private let base: any ObjectStore
    private let upload: Allowance<Time>?
    private let download: Allowance<Time>?

    package init(_ base: any ObjectStore, _ limits: RateLimits, clock: Time) {
        self.base = base
        upload = limits.upload.map { Allowance(bytesPerSecond: $0, clock: clock) }
        download = limits.download.map { Allowance(bytesPerSecond: $0, clock: clock) }
    }

    package var properties: StoreProperties { base.properties }

    package func save(
        _ bytes: [UInt8],
        as handle: Handle,
        durability: Durability
    ) async throws(StoreError) {
        try await upload?.take(bytes.count)
        try await base.save(bytes, as: handle, durability: durability)
    }

    package func load(_ handle: Handle) async throws(StoreError) -> [UInt8] {
        let bytes = try await base.load(handle)
        try await download?.take(bytes.count)
        return bytes
    }

    package func load(_ handle: Handle, range: Range<UInt64>) async throws(StoreError) -> [UInt8] {
        try await load(handle, range: range, reusing: [])
    }

    package func load(
        _ handle: Handle,
        range: Range<UInt64>,
        reusing buffer: consuming [UInt8]
    ) async throws(StoreError) -> [UInt8] {
        let bytes = try await base.load(handle, range: range, reusing: buffer)
        try await download?.take(bytes.count)
        return bytes
    }

    package func prepare() async throws(StoreError) { try await base.prepare() }

    package func size(of handle: Handle) async throws(StoreError) -> UInt64? {
        try await base.size(of: handle)
    }

    package func list(_ kind: FileKind) async throws(StoreError) -> [StoredFile] { try await base.list(kind) }

    package func strays(_ kind: FileKind) async throws(StoreError) -> [StrayFile] {
        try await base.strays(kind)
    }

    package func remove(_ handle: Handle) async throws(StoreError) { try await base.remove(handle) }

    package func settleRemovals(of kind: FileKind) async throws(StoreError) {
        try await base.settleRemovals(of: kind)
    }

    package func removeUnfinished(before time: Timestamp) async throws(StoreError) -> Int {
        try await base.removeUnfinished(before: time)
    }
}

/// A bucket of tokens that is empty at first and holds none: whoever takes waits until what was taken has flowed in.
private final class Allowance<Time: Clock>: Sendable where Time.Duration == Duration {
    private let bytesPerSecond: Double
    private let clock: Time
    /// When all that was taken so far has flowed in.
    private let settled: Mutex<Time.Instant>

    init(bytesPerSecond: UInt64, clock: Time) {
        self.bytesPerSecond = Double(max(1, bytesPerSecond))
        self.clock = clock
        settled = Mutex(clock.now)
    }

    func take(_ count: Int) async throws(StoreError) {
        let cost = Duration.seconds(Double(count) / bytesPerSecond)
        let end = settled.withLock { settled in
            settled = max(settled, clock.now).advanced(by: cost)
            return settled
        }
        do {
            try await clock.sleep(until: end, tolerance: nil)
        } catch {
            throw .cancelled
        }
    }
}
