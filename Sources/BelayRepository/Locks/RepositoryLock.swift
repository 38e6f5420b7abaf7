package import BelayCore
import BelayFormat
import BelayStore
import BelaySystem
import Synchronization

/// A lock of ours in the repository, kept fresh while it is held.
package final class RepositoryLock: Sendable {
    private struct State {
        var id: LockID
        var refreshed: Timestamp
        var isLost = false
    }

    private let repository: Repository
    private let mode: LockMode
    private let state: Mutex<State>

    private init(_ repository: Repository, _ mode: LockMode, _ id: LockID, _ time: Timestamp) {
        self.repository = repository
        self.mode = mode
        state = Mutex(State(id: id, refreshed: time))
    }

    /// Takes the lock: looks for others, writes ours, and looks again.
    ///
    /// Left-over locks are removed on the way. Of two who come at once at least one sees the other on the
    /// second look, and goes. On storage whose listings lag, that look waits for them.
    static func acquire(_ repository: Repository, _ mode: LockMode) async throws -> RepositoryLock {
        try await refuseConflicts(repository, mode, except: nil)
        let time = repository.clock.now()
        let id = try await write(repository, mode, time)
        do {
            if !repository.store.properties.listsImmediately {
                try await Task.sleep(for: .milliseconds(LockRules.settleMilliseconds))
            }
            try await refuseConflicts(repository, mode, except: id)
        } catch {
            // The conflict is what matters; our lock goes stale by itself if it cannot be removed.
            try? await repository.store.remove(Handle(id))
            throw error
        }
        return RepositoryLock(repository, mode, id, time)
    }

    /// Makes sure that the lock is still held, before whatever removes or makes visible.
    ///
    /// Costs a look into the store.
    ///
    /// - Throws: `repository.locked` if the lock was lost: not refreshed for so long that others may have taken it for
    ///   left over, or removed by somebody, or no longer there because the whole repository is not.
    package func requireHeld() async throws {
        let (id, refreshed) = state.withLock { ($0.id, $0.refreshed) }
        if try await !repository.holds(Handle(id)), state.withLock({ $0.id == id }) {
            throw BelayError(
                .repositoryLocked,
                "the lock on the repository at \(repository.store.properties.location) is gone, so the work was stopped: "
                    + "what was stored may have been removed meanwhile",
                hint:
                    "make sure that the repository is where it was and that nobody runs `belay unlock --remove-all`, "
                    + "then run the same command again"
            )
        }
        let age = repository.clock.now().seconds - refreshed.seconds
        if state.withLock({ $0.isLost }) || age > LockRules.lostAfterSeconds {
            throw BelayError(
                .repositoryLocked,
                "the lock on the repository could not be kept for \(age / 60) minutes, so the work was stopped",
                hint: "run the same command again; what was stored so far is used again"
            )
        }
    }

    /// Writes the lock anew every few minutes until cancelled.
    func keepFresh() async {
        while !Task.isCancelled {
            // Ends early only by cancellation, which the loop sees.
            try? await Task.sleep(for: .seconds(LockRules.refreshSeconds))
            if Task.isCancelled { return }
            await refresh()
        }
    }

    private func refresh() async {
        let old = state.withLock { $0.id }
        let now = repository.clock.now()
        // A refresh that fails is tried again at the next turn; `requireHeld` notices when that lasts too long.
        do {
            let age = now.seconds - state.withLock { $0.refreshed.seconds }
            let isLate = age > LockRules.lostAfterSeconds
            if isLate, try await repository.store.size(of: Handle(old)) == nil {
                state.withLock { $0.isLost = true }
                return
            }
            let new = try await Self.write(repository, mode, now)
            if isLate {
                // Cut short only when the lock is about to be released.
                try? await Task.sleep(for: .milliseconds(LockRules.settleMilliseconds))
                if try await repository.store.size(of: Handle(old)) == nil {
                    state.withLock { $0.isLost = true }
                }
            }
            state.withLock {
                $0.id = new
                $0.refreshed = now
            }
            try await repository.store.remove(Handle(old))
        } catch {
            repository.note("the lock could not be refreshed: \(error)")
        }
    }

    /// Removes the lock.
    func release() async {
        // One that cannot be removed goes stale: by its process being gone, or in half an hour.
        try? await repository.store.remove(Handle(state.withLock { $0.id }))
    }

    private static func write(
        _ repository: Repository,
        _ mode: LockMode,
        _ time: Timestamp
    ) async throws -> LockID {
        let host = repository.host
        let file = LockFile(
            time: time,
            isExclusive: mode == .exclusive,
            hostname: host.hostname,
            username: host.username,
            processID: Int64(host.processID),
            userID: host.userID,
            groupID: host.groupID,
            processSpace: host.processSpace
        )
        // Not synchronised: a lock need not outlive a power cut, for its holder does not.
        return LockID(try await repository.saveUnpacked(file.encode(), as: .lock, durability: .volatile))
    }

    private static func refuseConflicts(
        _ repository: Repository,
        _ mode: LockMode,
        except own: LockID?
    ) async throws {
        var others: [HeldLock] = []
        let now = repository.clock.now()
        for lock in try await repository.locks() where lock.id != own {
            let isStale = LockRules.isStale(
                lock.file,
                now: now,
                host: repository.host,
                isAlive: HostIdentity.isAlive
            )
            if isStale {
                try await repository.remove(Handle(lock.id))
            } else {
                others.append(lock)
            }
        }
        guard let other = LockRules.conflict(mode, with: others) else { return }
        throw BelayError(
            .repositoryLocked,
            "the repository is locked \(other.description) since \(other.file.time.civil) UTC",
            hint: "wait for it (--retry-lock 5m), or run `belay unlock` if that process is gone"
        )
    }
}

/// What became of the locks of a repository.
package struct UnlockResult: Hashable, Sendable {
    package var removed: Int
    /// Locks that stay because they cannot be read, so that nobody knows whose they are.
    package var unreadable: [Handle]

    package init(removed: Int = 0, unreadable: [Handle] = []) {
        self.removed = removed
        self.unreadable = unreadable
    }
}

extension Repository {
    /// Runs `body` while holding a lock, which is released however it ends.
    ///
    /// With `retry` it is tried again for so long while others hold a lock in the way.
    package func withLock<Result: Sendable>(
        _ mode: LockMode,
        retry: Duration? = nil,
        _ body: (RepositoryLock) async throws -> Result
    ) async throws -> Result {
        let lock = try await acquire(mode, retry: retry)
        // Not a part of this task: it must be over before the lock is released, and a cancellation must not
        // catch it between writing a new lock and removing the old one.
        let keeper = Task { await lock.keepFresh() }
        let outcome: Swift.Result<Result, any Error>
        do { outcome = .success(try await body(lock)) } catch { outcome = .failure(error) }
        keeper.cancel()
        await keeper.value
        await lock.release()
        return try outcome.get()
    }

    private func acquire(_ mode: LockMode, retry: Duration?) async throws -> RepositoryLock {
        var waited = Duration.zero
        var pause = Duration.seconds(1)
        while true {
            do {
                return try await RepositoryLock.acquire(self, mode)
            } catch let error as BelayError where error.code == .repositoryLocked {
                guard let retry, waited < retry else { throw error }
                pause = min(pause, retry - waited)
                try await Task.sleep(for: pause)
                waited += pause
                pause = min(pause * 2, .seconds(60))
            }
        }
    }

    /// Every lock that can be read; what is no lock, or went in the meantime, is left out.
    package func locks() async throws -> [HeldLock] {
        var locks: [HeldLock] = []
        for file in try await list(.lock) {
            if file.size == 0 { continue }
            do {
                locks.append(try await loadLock(file.handle))
            } catch let error as BelayError where error.code == .repositoryDamaged {
                // Being written at this moment, or removed since it was listed; or garbage that would block
                // for ever. Only what has stayed unreadable is told.
                if try await store.size(of: file.handle) == nil { continue }
                throw BelayError(
                    .repositoryLocked,
                    "there is a lock that cannot be read: \(file.handle)",
                    hint: "run `belay unlock --remove-all` if nobody works in the repository",
                    cause: error
                )
            }
        }
        return locks
    }

    private func loadLock(_ handle: Handle) async throws -> HeldLock {
        let json = try await loadUnpacked(handle)
        do throws(FormatError) {
            return HeldLock(id: LockID(handle.digest), file: try LockFile.decode(json))
        } catch {
            throw BelayError(
                .repositoryDamaged,
                "\(handle) is no lock",
                hint: "run `belay unlock --remove-all` if nobody works in the repository",
                subjects: [handle.path],
                cause: error
            )
        }
    }

    /// Removes left-over locks, or all.
    ///
    /// What cannot be read stays: only `all` may take what may be somebody's.
    package func unlock(all: Bool) async throws -> UnlockResult {
        var result = UnlockResult()
        let now = clock.now()
        for file in try await list(.lock) {
            var goes = all
            // One without contents is being written.
            if !all, file.size > 0 {
                do {
                    goes = LockRules.isStale(
                        try await loadLock(file.handle).file,
                        now: now,
                        host: host,
                        isAlive: HostIdentity.isAlive
                    )
                } catch let error as BelayError where error.code == .repositoryDamaged {
                    // Or it went since it was listed.
                    if try await store.size(of: file.handle) != nil { result.unreadable.append(file.handle) }
                }
            }
            if goes {
                try await remove(file.handle)
                result.removed += 1
            }
        }
        return result
    }
}
