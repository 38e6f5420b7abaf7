import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Threads of our own for work that blocks or computes, so that Swift's cooperative pool never does.
///
/// Used with `withTaskExecutorPreference(pool) { … }`: every async function called inside, and every child
/// task, runs on these threads. Threads are made when first needed, up to `width`, and live as long as the
/// process does.
package final class BlockingPool: TaskExecutor, @unchecked Sendable {
    // `@unchecked Sendable`: all mutable state is in `queue`, `idle` and `threads`, which are touched only
    // between `pthread_mutex_lock(lock)` and `pthread_mutex_unlock(lock)`.
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let wakeUp: UnsafeMutablePointer<pthread_cond_t>
    private var queue: [UnownedJob] = []
    private var head = 0
    private var idle = 0
    private var threads = 0
    private let width: Int

    /// For hashing, compressing and sealing: as many threads as there are processors.
    package static let processors = BlockingPool(width: processorCount)
    /// For system calls that wait: deep enough to keep a disk busy.
    package static let files = BlockingPool(width: 8)

    /// The number of processors this process may use; at least 1.
    package static let processorCount: Int = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    package init(width: Int) {
        precondition(width > 0, "a pool needs a thread")
        self.width = width
        lock = .allocate(capacity: 1)
        wakeUp = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
        pthread_cond_init(wakeUp, nil)
    }

    deinit {
        // Invariant: threads hold the pool, so it goes only if it never had one.
        lock.deallocate()
        wakeUp.deallocate()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        pthread_mutex_lock(lock)
        queue.append(UnownedJob(job))
        if idle > 0 {
            pthread_cond_signal(wakeUp)
        } else if threads < width {
            if startThread() { threads += 1 }
            // Fewer serve as well; what was given to a pool that has none would never be done.
            precondition(threads > 0, "the system gives no thread")
        }
        pthread_mutex_unlock(lock)
    }

    /// `false` if the system gives no thread, as when its limit or that of memory is reached.
    private func startThread() -> Bool {
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // Deep enough for recursion over trees; only touched pages are real.
        pthread_attr_setstacksize(&attributes, 8 << 20)
        let pool = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread,
            &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<BlockingPool>.fromOpaque(context).takeRetainedValue().serve()
                return nil
            },
            pool.toOpaque()
        )
        pthread_attr_destroy(&attributes)
        if status != 0 { pool.release() }
        return status == 0
    }

    private func serve() {
        let executor = asUnownedTaskExecutor()
        while true {
            pthread_mutex_lock(lock)
            while head == queue.count {
                idle += 1
                pthread_cond_wait(wakeUp, lock)
                idle -= 1
            }
            let job = queue[head]
            head += 1
            if head == queue.count {
                queue.removeAll(keepingCapacity: true)
                head = 0
            }
            pthread_mutex_unlock(lock)
            job.runSynchronously(on: executor)
        }
    }
}
