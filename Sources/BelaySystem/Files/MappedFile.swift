#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A file's bytes as memory, read by the kernel only where they are looked at.
package final class MappedFile: @unchecked Sendable {
    // `@unchecked Sendable`: the mapping is private and read-only, and lives as long as the object.
    /// The contents.
    package let bytes: UnsafeRawBufferPointer

    /// Maps the whole file at `path`; an empty one has no bytes.
    package init(path: String) throws(SystemError) {
        let file = try OpenFile.reading(path: path)
        let size = try file.status().size
        guard let count = Int(exactly: size), count > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, file.descriptor, 0), start != MAP_FAILED
        else {
            throw .current("mmap", path)
        }
        bytes = UnsafeRawBufferPointer(start: start, count: count)
    }

    deinit {
        if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
    }
}
