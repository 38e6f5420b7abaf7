import CBelay

/// What this process may use and has used.
package enum ProcessResources {
    /// Raises the limit of open files as far as the system allows; gives what holds now.
    @discardableResult
    package static func raiseFileLimit() -> Int { Int(clamping: belay_raise_file_limit()) }

    /// Keeps the numbers of standard streams that are closed from becoming those of files; call it first of all.
    package static func fillStandardStreams() { belay_fill_standard_streams() }

    /// Makes large buffers go back to the system when they are freed.
    package static func returnLargeBlocks() { belay_return_large_blocks() }

    /// The most memory that was resident at any time, in bytes.
    package static var peakMemory: UInt64 { belay_peak_memory() }
}
