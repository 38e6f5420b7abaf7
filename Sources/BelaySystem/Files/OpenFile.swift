package import BelayCore
import CBelay

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// An open file; closed when it goes out of scope.
package struct OpenFile: ~Copyable {
    package let descriptor: Int32
    /// Path for messages.
    package let path: String

    private init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// Opens an entry for reading, leaving its access time alone where the system allows that.
    ///
    /// A symlink is refused, and a FIFO put there in the meantime does not block.
    package static func reading(_ name: FileName, in folder: Folder) throws(SystemError) -> OpenFile {
        let descriptor = name.withCString { belay_open_quietly(folder.descriptor, $0) }
        guard descriptor >= 0 else { throw .current("open", folder.subject(name)) }
        return OpenFile(descriptor: descriptor, path: folder.subject(name))
    }

    /// Opens a path for reading, following symlinks.
    ///
    /// Anything but a regular file is refused: the writer of a FIFO may never come, and a device may have no end.
    package static func reading(path: String) throws(SystemError) -> OpenFile {
        // O_NOCTTY: nor may a terminal become ours.
        let descriptor = belay_open_at(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0)
        guard descriptor >= 0 else { throw .current("open", path) }
        let file = OpenFile(descriptor: descriptor, path: path)
        try file.requireRegular()
        return file
    }

    /// Refuses what has no contents that could be read to an end.
    fileprivate func requireRegular() throws(SystemError) {
        let status = try status()
        if status.isRegular { return }
        let number = status.isDirectory ? EISDIR : SystemError.notRegular
        throw SystemError(call: "open", subject: path, number: number)
    }

    /// Creates an entry that must not be there yet, for reading and writing.
    package static func creating(
        _ name: FileName,
        in folder: Folder,
        mode: UInt32 = 0o600
    ) throws(SystemError) -> OpenFile {
        let descriptor = name.withCString {
            belay_open_at(folder.descriptor, $0, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        }
        guard descriptor >= 0 else { throw .current("create", folder.subject(name)) }
        return OpenFile(descriptor: descriptor, path: folder.subject(name))
    }

    /// Creates a path that must not be there yet, for reading and writing.
    package static func creating(path: String, mode: UInt32 = 0o600) throws(SystemError) -> OpenFile {
        let descriptor = belay_open_at(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw .current("create", path) }
        return OpenFile(descriptor: descriptor, path: path)
    }

    package func status() throws(SystemError) -> FileStatus {
        var result = belay_status()
        guard belay_status_of(descriptor, &result) == 0 else { throw .current("stat", path) }
        return FileStatus(result)
    }

    /// Reads on from where the file stands until `target` is full or the file ends; gives the bytes read.
    package func read(into target: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        var done = 0
        while done < target.count {
            let count = Glibc.read(descriptor, target.baseAddress.map { $0 + done }, target.count - done)
            if count < 0 {
                if errno == EINTR { continue }
                throw .current("read", path)
            }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Reads at `offset` until `target` is full or the file ends; gives the bytes read.
    package func read(
        into target: UnsafeMutableRawBufferPointer,
        at offset: UInt64
    ) throws(SystemError) -> Int {
        var done = 0
        while done < target.count {
            let count = pread(
                descriptor,
                target.baseAddress.map { $0 + done },
                target.count - done,
                off_t(offset) + off_t(done)
            )
            if count < 0 {
                if errno == EINTR { continue }
                throw .current("read", path)
            }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// How the file begins: `count` bytes, or as many as there are.
    package func start(count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let target = UnsafeMutableRawBufferPointer(buffer.extracting(..<count))
            do throws(SystemError) {
                filled = try read(into: target, at: 0)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes all of `bytes` on from where the file stands.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count < 0 {
                if errno == EINTR { continue }
                throw .current("write", path)
            }
            done += count
        }
    }

    /// Writes all of `bytes` at `offset`.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                descriptor,
                bytes.baseAddress.map { $0 + done },
                bytes.count - done,
                off_t(offset) + off_t(done)
            )
            if count < 0 {
                if errno == EINTR { continue }
                throw .current("write", path)
            }
            done += count
        }
    }

    /// Makes the file `size` bytes long; what is added reads as zeros and takes no space.
    package func resize(to size: UInt64) throws(SystemError) {
        guard let length = off_t(exactly: size) else {
            throw SystemError(call: "truncate", subject: path, number: EFBIG)
        }
        guard ftruncate(descriptor, length) == 0 else { throw .current("truncate", path) }
    }

    /// Brings contents and size to stable storage.
    package func synchronize() throws(SystemError) {
        while fsync(descriptor) != 0 {
            if errno == EINTR { continue }
            throw .current("fsync", path)
        }
    }

    /// Lets the disk begin with what was written, and waits for nothing.
    ///
    /// It says nothing of what will be on stable storage: ``synchronize()`` does.
    package func beginWriting() { belay_begin_writing(descriptor) }

    package func setOwner(_ user: UInt32, _ group: UInt32) throws(SystemError) {
        guard fchown(descriptor, user, group) == 0 else { throw .current("chown", path) }
    }

    package func setPermissions(_ permissions: UInt32) throws(SystemError) {
        guard fchmod(descriptor, mode_t(permissions)) == 0 else { throw .current("chmod", path) }
    }

    package func setTimes(accessed: Timestamp, modified: Timestamp) throws(SystemError) {
        guard
            belay_set_times(
                descriptor,
                accessed.seconds,
                accessed.nanoseconds,
                modified.seconds,
                modified.nanoseconds
            ) == 0
        else { throw .current("utimens", path) }
    }

    /// Whether this file system's word about holes can be believed.
    package var tellsHoles: Bool { belay_tells_holes(descriptor) == 1 }

    /// Where the next bytes that are not a hole begin at or after `offset`; the end if only a hole follows.
    ///
    /// Where the file stands is undefined afterwards: read at offsets.
    package func dataStart(from offset: UInt64) throws(SystemError) -> UInt64 {
        guard let start = off_t(exactly: offset) else { return offset }
        let result = lseek(descriptor, start, Int32(3))  // SEEK_DATA
        if result >= 0 { return UInt64(result) }
        guard errno == ENXIO else { throw .current("seek", path) }
        return max(offset, try status().size)
    }

    /// Goes back to the start.
    package func rewind() throws(SystemError) {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw .current("seek", path) }
    }
}

/// Reads a whole regular file that is expected to be small, following symlinks.
///
/// - Throws: the failure of the system, or `EFBIG` if it has more than `limit` bytes.
package func readFile(path: String, limit: Int) throws(SystemError) -> [UInt8] {
    let file = try OpenFile.reading(path: path)
    return try readAll(file, limit: limit)
}

/// Reads a whole small regular file in a folder; a symlink is refused.
package func readFile(_ name: FileName, in folder: Folder, limit: Int) throws(SystemError) -> [UInt8] {
    let file = try OpenFile.reading(name, in: folder)
    try file.requireRegular()
    return try readAll(file, limit: limit)
}

/// Reads how a regular file in a folder begins, `count` bytes at most; a symlink is refused.
package func readStart(
    of name: FileName,
    in folder: Folder,
    count: Int
) throws(SystemError) -> [UInt8] {
    let file = try OpenFile.reading(name, in: folder)
    try file.requireRegular()
    return try file.start(count: count)
}

/// Reads how a regular file begins, `count` bytes at most, following symlinks.
package func readStart(path: String, count: Int) throws(SystemError) -> [UInt8] {
    let file = try OpenFile.reading(path: path)
    return try file.start(count: count)
}

private func readAll(_ file: borrowing OpenFile, limit: Int) throws(SystemError) -> [UInt8] {
    var expected = try file.status().size
    while true {
        guard expected <= UInt64(limit) else {
            throw SystemError(call: "read", subject: file.path, number: EFBIG)
        }
        // One byte more than expected shows whether the file has grown.
        let capacity = Int(expected) + 1
        let bytes = try file.start(count: capacity)
        if bytes.count < capacity { return bytes }
        // Files of the kernel tell no size, and others grow.
        expected = max(4096, expected * 2)
    }
}
