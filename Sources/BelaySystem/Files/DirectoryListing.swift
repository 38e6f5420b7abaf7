package import BelayCore
import CBelay

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The names in a directory, sorted by their bytes, in one reusable block of memory.
///
/// A scan keeps one listing per worker: after the first few folders it allocates nothing.
package struct DirectoryListing: ~Copyable {
    /// One name, NUL-terminated in the block.
    struct Entry {
        var offset: Int32
        var length: UInt16
        var kind: UInt8
    }

    private var block: UnsafeMutableRawBufferPointer
    private var used = 0
    private(set) var entries: [Entry] = []

    private static let readSize = 64 << 10
    /// A folder with more bytes of names than this is refused rather than eating all memory.
    private static let blockSizeMaximum = 1 << 30

    package init() {
        block = .allocate(byteCount: 4 * Self.readSize, alignment: 16)
    }

    deinit { block.deallocate() }

    /// Reads all names of `folder` but `.` and `..`, replacing what was here.
    package mutating func read(_ folder: Folder) throws(SystemError) {
        used = 0
        entries.removeAll(keepingCapacity: true)
        guard lseek(folder.descriptor, 0, SEEK_SET) == 0 else { throw .current("seek", folder.path) }
        while true {
            if block.count - used < Self.readSize { try grow(folder) }
            let target = UnsafeMutableRawBufferPointer(rebasing: block[used...])
            let count = belay_read_directory(folder.descriptor, target.baseAddress, target.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw .current("read", folder.path)
            }
            if count == 0 { break }
            index(used..<(used + count))
            used += count
        }
        sort()
    }

    package var count: Int { entries.count }

    /// The bytes of the name at `index`; valid until the next ``read(_:)``.
    package func name(_ index: Int) -> UnsafeBufferPointer<UInt8> {
        let entry = entries[index]
        let start = block.baseAddress.unsafelyUnwrapped + Int(entry.offset)
        return UnsafeBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: Int(entry.length))
    }

    /// The name at `index` as the system wants it; valid until the next ``read(_:)``.
    package func cString(_ index: Int) -> UnsafePointer<CChar> {
        let start = block.baseAddress.unsafelyUnwrapped + Int(entries[index].offset)
        return UnsafePointer(start.assumingMemoryBound(to: CChar.self))
    }

    package func fileName(_ index: Int) -> FileName { FileName(Array(name(index))) }

    /// Forgets all names but those that `isKept` says to keep.
    package mutating func keep(where isKept: (UnsafeBufferPointer<UInt8>) -> Bool) {
        entries = entries.indices.filter { isKept(name($0)) }.map { entries[$0] }
    }

    private mutating func grow(_ folder: Folder) throws(SystemError) {
        guard block.count < Self.blockSizeMaximum else {
            throw SystemError(call: "read", subject: folder.path, number: ENOMEM)
        }
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: block.count * 2, alignment: 16)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: block[..<used]))
        block.deallocate()
        block = larger
    }

    private mutating func index(_ range: Range<Int>) {
        let base = block.baseAddress.unsafelyUnwrapped
        var offset = range.lowerBound
        while offset < range.upperBound {
            let record = base + offset
            let length = Int(belay_entry_length(record))
            guard length > 0 else { break }
            if let name = belay_entry_name(record) {
                let nameLength = strlen(name)
                let isSelfOrParent =
                    name[0] == 0x2E && (nameLength == 1 || (nameLength == 2 && name[1] == 0x2E))
                if !isSelfOrParent {
                    let nameOffset = UnsafeRawPointer(name) - UnsafeRawPointer(base)
                    entries.append(
                        Entry(
                            offset: Int32(nameOffset),
                            length: UInt16(nameLength),
                            kind: belay_entry_kind(record)
                        )
                    )
                }
            }
            offset += length
        }
    }

    private mutating func sort() {
        let base = UnsafeRawPointer(block.baseAddress.unsafelyUnwrapped)
        entries.sort { left, right in
            let shared = Int(min(left.length, right.length))
            let order = memcmp(base + Int(left.offset), base + Int(right.offset), shared)
            return order == 0 ? left.length < right.length : order < 0
        }
    }
}

extension DirectoryListing {
    /// What the directory itself says an entry is; `nil` if only its status tells.
    package func kind(_ index: Int) -> Node.Kind? {
        switch entries[index].kind {
        case 4: .directory
        case 8: .file
        case 10: .symlink
        case 1: .fifo
        case 2: .characterDevice
        case 6: .blockDevice
        case 12: .socket
        default: nil
        }
    }
}
