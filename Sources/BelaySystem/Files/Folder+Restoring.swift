package import BelayCore
import CBelay

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

// The calls of a restore. It makes many files, so names come as C strings and nothing makes a path for
// messages: the subject of an error is empty, and the caller says what it was about. No call follows a
// symlink.

/// Something whose owner, attributes, times and permissions can be set by descriptor.
///
/// What a descriptor stands for cannot be exchanged behind our back, as what a name stands for can.
package protocol MetadataTarget: ~Copyable {
    func setOwner(_ user: UInt32, _ group: UInt32) throws(SystemError)
    /// Sets exactly these extended attributes: others are removed.
    func setAttributes(_ attributes: [Node.ExtendedAttribute]) throws(SystemError)
    func setTimes(accessed: Timestamp, modified: Timestamp) throws(SystemError)
    func setPermissions(_ permissions: UInt32) throws(SystemError)
}

extension Folder: MetadataTarget {
    package func setAttributes(_ attributes: [Node.ExtendedAttribute]) throws(SystemError) {
        try ExtendedAttributes.write(attributes, descriptor: descriptor, subject: path)
    }
}

/// A regular file that a restore has made; closed when it goes out of scope.
package struct NewFile: ~Copyable, Sendable {
    private let descriptor: Int32

    fileprivate init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Writes all of `bytes` at `offset`; several threads may write to different places at once.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(SystemError) {
        guard var position = off_t(exactly: offset) else {
            throw SystemError(call: "write", subject: "", number: EFBIG)
        }
        var rest = bytes
        while !rest.isEmpty {
            let count = pwrite(descriptor, rest.baseAddress, rest.count, position)
            if count < 0 {
                if errno == EINTR { continue }
                throw .current("write", "")
            }
            position += off_t(count)
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Makes the file `size` bytes long; what is added reads as zeros and takes no space.
    package func resize(to size: UInt64) throws(SystemError) {
        guard let length = off_t(exactly: size) else {
            throw SystemError(call: "truncate", subject: "", number: EFBIG)
        }
        guard ftruncate(descriptor, length) == 0 else { throw .current("truncate", "") }
    }

    package func status() throws(SystemError) -> FileStatus {
        var result = belay_status()
        guard belay_status_of(descriptor, &result) == 0 else { throw .current("stat", "") }
        return FileStatus(result)
    }
}

extension NewFile: MetadataTarget {
    package func setOwner(_ user: UInt32, _ group: UInt32) throws(SystemError) {
        guard fchown(descriptor, user, group) == 0 else { throw .current("chown", "") }
    }

    package func setAttributes(_ attributes: [Node.ExtendedAttribute]) throws(SystemError) {
        try ExtendedAttributes.write(attributes, descriptor: descriptor, subject: "")
    }

    package func setTimes(accessed: Timestamp, modified: Timestamp) throws(SystemError) {
        let status = belay_set_times(
            descriptor,
            accessed.seconds,
            accessed.nanoseconds,
            modified.seconds,
            modified.nanoseconds
        )
        guard status == 0 else { throw .current("utimens", "") }
    }

    package func setPermissions(_ permissions: UInt32) throws(SystemError) {
        guard fchmod(descriptor, mode_t(permissions)) == 0 else { throw .current("chmod", "") }
    }
}

/// `AT_EMPTY_PATH` and `O_PATH`, which the C library shows to programs of its own dialect only.
private let emptyPath: Int32 = 0x1000
private let pathOnly: Int32 = 0o10000000

/// An entry of any kind held fast without being opened, so that it can be changed and nothing else in its
/// stead.
package struct PinnedEntry: ~Copyable {
    private let descriptor: Int32

    fileprivate init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    package func status() throws(SystemError) -> FileStatus {
        var result = belay_status()
        guard belay_status_of(descriptor, &result) == 0 else { throw .current("stat", "") }
        return FileStatus(result)
    }

    /// What leads to the entry itself, for calls that take no descriptor of this sort.
    private var kernelPath: String { "/proc/self/fd/\(descriptor)" }
}

extension PinnedEntry: MetadataTarget {
    package func setOwner(_ user: UInt32, _ group: UInt32) throws(SystemError) {
        guard fchownat(descriptor, "", user, group, emptyPath) == 0 else { throw .current("chown", "") }
    }

    package func setAttributes(_ attributes: [Node.ExtendedAttribute]) throws(SystemError) {
        let path = kernelPath
        var failure: SystemError?
        for attribute in attributes {
            let status = attribute.value.withUnsafeBytes {
                setxattr(path, attribute.name, $0.baseAddress, $0.count, 0)
            }
            if status != 0 && failure == nil { failure = .current("setxattr \(attribute.name)", "") }
        }
        let wanted = Set(attributes.map(\.name))
        for name in Self.attributeNames(path) where !wanted.contains(name) && name != "security.selinux" {
            if removexattr(path, name) != 0 && errno != ENODATA && failure == nil {
                failure = .current("removexattr \(name)", "")
            }
        }
        if let failure { throw failure }
    }

    /// The attributes there are; none where there can be none.
    private static func attributeNames(_ path: String) -> [String] {
        let size = listxattr(path, nil, 0)
        guard size > 0 else { return [] }
        var names = [UInt8](repeating: 0, count: size)
        let used = names.withUnsafeMutableBytes { buffer in
            buffer.withMemoryRebound(to: CChar.self) { listxattr(path, $0.baseAddress, $0.count) }
        }
        return names[..<max(0, used)].split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    package func setTimes(accessed: Timestamp, modified: Timestamp) throws(SystemError) {
        let times = [
            timespec(tv_sec: Int(accessed.seconds), tv_nsec: Int(accessed.nanoseconds)),
            timespec(tv_sec: Int(modified.seconds), tv_nsec: Int(modified.nanoseconds)),
        ]
        guard utimensat(descriptor, "", times, emptyPath) == 0 else { throw .current("utimens", "") }
    }

    /// Sets permissions; not for symlinks, which have none.
    package func setPermissions(_ permissions: UInt32) throws(SystemError) {
        guard chmod(kernelPath, mode_t(permissions)) == 0 else { throw .current("chmod", "") }
    }
}

extension Folder {
    /// Creates a regular file that must not be there yet and that nobody else can open until its mode is set.
    package func createFile(at name: UnsafePointer<CChar>) throws(SystemError) -> NewFile {
        let file = belay_open_at(
            descriptor,
            name,
            O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
            0o600
        )
        guard file >= 0 else { throw .current("create", "") }
        return NewFile(file)
    }

    /// Opens a file that ``createFile(at:)`` has made.
    package func reopenFile(at name: UnsafePointer<CChar>) throws(SystemError) -> NewFile {
        let file = belay_open_at(descriptor, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0)
        guard file >= 0 else { throw .current("open", "") }
        return NewFile(file)
    }

    /// Opens a regular file for reading.
    package func openFile(at name: UnsafePointer<CChar>) throws(SystemError) -> ReadFile {
        let file = belay_open_quietly(descriptor, name)
        guard file >= 0 else { throw .current("open", "") }
        return ReadFile(file)
    }

    /// Holds an entry of any kind fast; a symlink itself, not what it leads to.
    package func pin(at name: UnsafePointer<CChar>) throws(SystemError) -> PinnedEntry {
        let entry = belay_open_at(descriptor, name, pathOnly | O_NOFOLLOW | O_CLOEXEC, 0)
        guard entry >= 0 else { throw .current("open", "") }
        return PinnedEntry(entry)
    }

    /// Makes a directory without opening it.
    package func makeFolder(at name: UnsafePointer<CChar>) throws(SystemError) {
        guard mkdirat(descriptor, name, 0o700) == 0 else { throw .current("mkdir", "") }
    }

    /// Makes a symlink.
    package func makeSymlink(
        at name: UnsafePointer<CChar>,
        target: UnsafePointer<CChar>
    ) throws(SystemError) {
        guard symlinkat(target, descriptor, name) == 0 else { throw .current("symlink", "") }
    }

    /// Makes a FIFO, socket or device node that nobody but the owner can use until its mode is set.
    package func makeSpecial(
        at name: UnsafePointer<CChar>,
        kind: Node.Kind,
        device: UInt64
    ) throws(SystemError) {
        let type: UInt32 =
            switch kind {
            case .blockDevice: 0o060000
            case .characterDevice: 0o020000
            case .socket: 0o140000
            default: 0o010000
            }
        guard belay_make_node_at(descriptor, name, type | 0o600, device) == 0 else {
            throw .current("mknod", "")
        }
    }

    /// Gives a file a second name, in this folder.
    package func makeLink(
        at name: UnsafePointer<CChar>,
        to source: UnsafePointer<CChar>,
        in folder: Folder
    ) throws(SystemError) {
        guard linkat(folder.descriptor, source, descriptor, name, 0) == 0 else { throw .current("link", "") }
    }

    /// Removes an entry that is not a directory.
    package func remove(at name: UnsafePointer<CChar>) throws(SystemError) {
        guard unlinkat(descriptor, name, 0) == 0 else { throw .current("unlink", "") }
    }

    /// Removes an empty directory.
    package func removeFolder(at name: UnsafePointer<CChar>) throws(SystemError) {
        guard unlinkat(descriptor, name, AT_REMOVEDIR) == 0 else { throw .current("rmdir", "") }
    }

    /// Renames an entry within the folder in one step.
    ///
    /// Unless it `replaces` what has the new name, that being there is an error.
    package func rename(
        at name: UnsafePointer<CChar>,
        to newName: UnsafePointer<CChar>,
        replaces: Bool
    ) throws(SystemError) {
        let status =
            replaces
            ? renameat(descriptor, name, descriptor, newName)
            : belay_rename_exclusive_at(descriptor, name, descriptor, newName)
        guard status == 0 else { throw .current("rename", "") }
    }

    /// Brings everything that was written to the folder's file system to stable storage.
    ///
    /// - Throws: what could not be written since the folder was opened, whoever wrote it (syncfs(2)).
    package func synchronizeFileSystem() throws(SystemError) {
        guard belay_sync_file_system(descriptor) == 0 else { throw .current("syncfs", "") }
    }
}

/// A regular file open for reading; closed when it goes out of scope.
package struct ReadFile: ~Copyable {
    private let descriptor: Int32

    fileprivate init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    package func status() throws(SystemError) -> FileStatus {
        var result = belay_status()
        guard belay_status_of(descriptor, &result) == 0 else { throw .current("stat", "") }
        return FileStatus(result)
    }

    /// Reads on from where the file stands until `target` is full or the file ends; gives the bytes read.
    package func read(into target: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        var done = 0
        while done < target.count {
            let count = Glibc.read(descriptor, target.baseAddress.map { $0 + done }, target.count - done)
            if count < 0 {
                if errno == EINTR { continue }
                throw .current("read", "")
            }
            if count == 0 { break }
            done += count
        }
        return done
    }
}

extension SystemError {
    /// Whether nothing more can be written anywhere on the file system: going on would fail for each file.
    package var stopsWriting: Bool { number == ENOSPC || number == EDQUOT || number == EROFS }
    /// Whether the number of open files is at its limit.
    package var isOutOfDescriptors: Bool { number == EMFILE || number == ENFILE }
    /// Whether something else than a directory is where one was to be opened.
    package var isNotFolder: Bool { number == ENOTDIR || number == ELOOP }
    /// Whether a directory is where something else was to be put.
    package var isFolderInTheWay: Bool { number == EISDIR || number == ENOTEMPTY }
}
