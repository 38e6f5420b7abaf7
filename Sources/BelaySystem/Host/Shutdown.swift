import CBelay
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Signals that end a program: the first asks it to stop, the second ends it at once.
///
/// Ending at once is safe, for what is on disk is valid at every instant; only a lock of ours is left behind.
package enum Shutdown {
    private static let received = Atomic<Int32>(0)
    private static let handler = Mutex<(@Sendable () -> Void)?>(nil)

    /// The signal that asked the program to stop; `nil` if none did.
    package static var signal: Int32? {
        let number = received.load(ordering: .acquiring)
        return number == 0 ? nil : number
    }

    /// Calls `stop` at the first interrupt or termination signal, and ends the process at the second.
    ///
    /// Call before any other thread is made: threads inherit which signals they leave to the one that waits.
    /// A hang-up is ignored, because restic sends one to see whether the holder of a lock lives; a closed pipe
    /// shows as a failed write.
    package static func install() {
        Glibc.signal(SIGHUP, SIG_IGN)
        Glibc.signal(SIGPIPE, SIG_IGN)
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        var thread = pthread_t()
        pthread_create(
            &thread,
            nil,
            { _ in
                Shutdown.wait()
                return nil
            },
            nil
        )
        pthread_detach(thread)
    }

    /// What the first signal does.
    package static func onSignal(_ stop: @escaping @Sendable () -> Void) {
        handler.withLock { $0 = stop }
        // One that came before there was somebody to tell.
        if signal != nil { stop() }
    }

    private static func wait() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        while true {
            var number: Int32 = 0
            guard sigwait(&signals, &number) == 0 else { continue }
            let first = received.compareExchange(
                expected: 0,
                desired: number,
                ordering: .acquiringAndReleasing
            )
            if !first.exchanged { _exit(128 + number) }
            handler.withLock { $0 }?()
        }
    }
}
