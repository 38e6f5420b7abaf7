#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A value behind a lock on which threads of a ``BlockingPool`` wait for a change.
///
/// Only for our own threads: a thread of the cooperative pool must never wait here.
package final class Condition<Value>: @unchecked Sendable {
    // `@unchecked Sendable`: `value` is touched only while `lock` is held.
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var value: Value

    package init(_ value: sending Value) {
        self.value = value
        lock = .allocate(capacity: 1)
        changed = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        pthread_cond_destroy(changed)
        lock.deallocate()
        changed.deallocate()
    }

    /// Calls `body` alone with the value.
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return try body(&value)
    }

    /// Calls `body` with the value, again after each signal, until it gives a result.
    package func wait<Result>(_ body: (inout Value) -> Result?) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while true {
            if let result = body(&value) { return result }
            pthread_cond_wait(changed, lock)
        }
    }

    /// Wakes one thread that waits.
    package func signal() { pthread_cond_signal(changed) }

    /// Wakes all threads that wait.
    package func broadcast() { pthread_cond_broadcast(changed) }
}
