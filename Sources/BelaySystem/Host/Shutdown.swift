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

    /// Makes the first interrupt or termination signal ask the program to stop, and the second end it.
    ///
    /// A hang-up is ignored, because restic sends one to see whether the holder of a lock lives; a closed pipe
    /// shows as a failed write.
    package static func install() {
        Glibc.signal(SIGHUP, SIG_IGN)
        Glibc.signal(SIGPIPE, SIG_IGN)
        // The Swift runtime has taken it, prints a backtrace and goes on.
        Glibc.signal(SIGQUIT, SIG_DFL)
        let pipe = [SIGINT, SIGTERM].withUnsafeBufferPointer {
            belay_pass_signals($0.baseAddress, Int32($0.count))
        }
        // Without it a signal ends the program as it would any other; nothing on disk suffers.
        guard pipe >= 0 else { return }
        var thread = pthread_t()
        // The descriptor is handed over as the address.
        let context = UnsafeMutableRawPointer(bitPattern: UInt(pipe) + 1)
        let status = pthread_create(
            &thread,
            nil,
            { context in
                Shutdown.listen(Int32(UInt(bitPattern: context) - 1))
                return nil
            },
            context
        )
        if status == 0 { pthread_detach(thread) }
    }

    /// What the first signal does.
    package static func onSignal(_ stop: @escaping @Sendable () -> Void) {
        handler.withLock { $0 = stop }
        // One that came before there was somebody to tell.
        if signal != nil { stop() }
    }

    private static func listen(_ pipe: Int32) {
        while true {
            var byte: UInt8 = 0
            let count = read(pipe, &byte, 1)
            if count < 0 && errno == EINTR { continue }
            guard count == 1 else { return }
            let first = received.compareExchange(
                expected: 0,
                desired: Int32(byte),
                ordering: .acquiringAndReleasing
            )
            if !first.exchanged { _exit(128 + Int32(byte)) }
            handler.withLock { $0 }?()
        }
    }
}
