package import BelayCore
import CBelay

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// An open directory, the place that names are relative to.
///
/// Everything below a project or a restore target is reached through folders, one name at a time and never
/// through a symlink, so a path can neither be too long nor lead outside. Closed when the last reference goes.
package final class Folder: Sendable {
    /// The open descriptor; valid as long as the folder lives.
    package let descriptor: Int32
    /// Path for messages.
    package let path: String

    private init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// Opens a directory by path, following symlinks, as a person means it.
    package static func open(path: String) throws(SystemError) -> Folder {
        let descriptor = belay_open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw .current("open", path) }
        return Folder(descriptor: descriptor, path: path)
    }

    /// Opens a directory in this one; a symlink is refused.
    package func folder(named name: FileName) throws(SystemError) -> Folder {
        let child = name.withCString {
            belay_open_at(descriptor, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0)
        }
        guard child >= 0 else { throw .current("open", subject(name)) }
        return Folder(descriptor: child, path: subject(name))
    }

    /// What the system knows of the folder itself.
    package func status() throws(SystemError) -> FileStatus {
        var result = belay_status()
        guard belay_status_of(descriptor, &result) == 0 else { throw .current("stat", path) }
        return FileStatus(result)
    }

    /// What the system knows of an entry; a symlink is not followed.
    package func status(of name: FileName) throws(SystemError) -> FileStatus {
        var result = belay_status()
        guard name.withCString({ belay_status_at(descriptor, $0, &result) }) == 0 else {
            throw .current("stat", subject(name))
        }
        return FileStatus(result)
    }

    /// The status of the entry whose NUL-terminated name is at `name`; `nil` with `errno` set on failure.
    ///
    /// For scans: makes no string and throws nothing.
    package func status(at name: UnsafePointer<CChar>) -> FileStatus? {
        var result = belay_status()
        guard belay_status_at(descriptor, name, &result) == 0 else { return nil }
        return FileStatus(result)
    }

    /// The path of an entry, for messages.
    package func subject(_ name: FileName) -> String {
        path == "/" ? "/\(name)" : "\(path)/\(name)"
    }

    /// A path by which the kernel finds `name` in this folder, whatever the folder's own path has become.
    ///
    /// For the calls that have no `…at` form (extended attributes); costs no length of path.
    func kernelPath(_ name: FileName) -> [CChar] {
        var path = Array("/proc/self/fd/\(descriptor)/".utf8CString.dropLast())
        path.append(contentsOf: name.bytes.map { CChar(bitPattern: $0) })
        path.append(0)
        return path
    }
}

extension FileName {
    /// Calls `body` with the name as the system wants it.
    package func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes.count + 1) { buffer in
            for index in bytes.indices { buffer[index] = CChar(bitPattern: bytes[index]) }
            buffer[bytes.count] = 0
            // Invariant: the buffer holds at least the terminator, so it has an address.
            return body(UnsafePointer(buffer.baseAddress.unsafelyUnwrapped))
        }
    }
}
