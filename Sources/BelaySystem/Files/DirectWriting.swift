import CBelay

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension OpenFile {
    /// Writes `bytes` to the start of an empty file, past the page cache as far as the file system allows that.
    ///
    /// For what is made durable at once and not read again soon: the cache keeps what the user works with, no memory
    /// has to be found for the copy, and the later `fsync` finds little to do. The end that fills no block, and
    /// everything where direct writing is refused, goes the usual way.
    package func writePastCache(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        let whole = bytes.count & ~(Self.block - 1)
        var written = 0
        if whole >= Self.worthwhile, belay_set_direct(descriptor, 1) == 0 {
            written = writeDirectly(UnsafeRawBufferPointer(rebasing: bytes[..<whole]))
            guard belay_set_direct(descriptor, 0) == 0 else { throw .current("fcntl", path) }
        }
        try write(UnsafeRawBufferPointer(rebasing: bytes[written...]), at: UInt64(written))
    }

    /// Alignment that every device takes, of addresses, offsets and lengths.
    private static let block = 4096
    private static let stretch = 1 << 20
    private static let worthwhile = 1 << 20

    /// Writes from the start, whole blocks, until something goes wrong; gives how many bytes are written.
    ///
    /// What goes wrong here shows again when the rest is written the usual way.
    private func writeDirectly(_ bytes: UnsafeRawBufferPointer) -> Int {
        let aligned = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.stretch, alignment: Self.block)
        defer { aligned.deallocate() }
        var done = 0
        while done < bytes.count {
            let count = min(Self.stretch, bytes.count - done)
            aligned.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[done..<(done + count)]))
            let written = pwrite(descriptor, aligned.baseAddress, count, off_t(done))
            if written < 0 && errno == EINTR { continue }
            // A part of a block cannot be followed by a direct write.
            guard written > 0, written % Self.block == 0 else { return done }
            done += written
        }
        return done
    }
}
