package import BelayCore
import CBelay

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

// The calls that change what is in a folder. None of them follows a symlink.
extension Folder {
    /// Makes a directory and opens it.
    package func makeFolder(_ name: FileName, mode: UInt32 = 0o700) throws(SystemError) -> Folder {
        guard name.withCString({ mkdirat(descriptor, $0, mode_t(mode)) }) == 0 else {
            throw .current("mkdir", subject(name))
        }
        return try folder(named: name)
    }

    /// Makes a symlink whose target is any bytes without NUL.
    package func makeSymlink(_ name: FileName, target: [UInt8]) throws(SystemError) {
        let status = FileName(target).withCString { target in
            name.withCString { symlinkat(target, descriptor, $0) }
        }
        guard status == 0 else { throw .current("symlink", subject(name)) }
    }

    /// Makes a FIFO, socket or device node that nobody but the owner can use until its mode is set.
    package func makeSpecial(_ name: FileName, kind: Node.Kind, device: UInt64) throws(SystemError) {
        let type: UInt32 =
            switch kind {
            case .blockDevice: 0o060000
            case .characterDevice: 0o020000
            case .socket: 0o140000
            default: 0o010000
            }
        guard name.withCString({ belay_make_node_at(descriptor, $0, type | 0o600, device) }) == 0 else {
            throw .current("mknod", subject(name))
        }
    }

    /// Gives a file a second name.
    package func makeLink(_ name: FileName, to source: FileName, in folder: Folder) throws(SystemError) {
        let status = source.withCString { source in
            name.withCString { linkat(folder.descriptor, source, descriptor, $0, 0) }
        }
        guard status == 0 else { throw .current("link", subject(name)) }
    }

    /// Removes an entry that is not a directory.
    package func remove(_ name: FileName) throws(SystemError) {
        guard name.withCString({ unlinkat(descriptor, $0, 0) }) == 0 else {
            throw .current("unlink", subject(name))
        }
    }

    /// Removes an empty directory.
    package func removeFolder(_ name: FileName) throws(SystemError) {
        guard name.withCString({ unlinkat(descriptor, $0, AT_REMOVEDIR) }) == 0 else {
            throw .current("rmdir", subject(name))
        }
    }

    /// Renames an entry in one step.
    ///
    /// Unless it `replaces` what has the new name, that being there is an error.
    package func rename(
        _ name: FileName,
        to newName: FileName,
        in folder: Folder,
        replaces: Bool = true
    ) throws(SystemError) {
        let status = name.withCString { old in
            newName.withCString { new in
                replaces
                    ? renameat(descriptor, old, folder.descriptor, new)
                    : belay_rename_exclusive_at(descriptor, old, folder.descriptor, new)
            }
        }
        guard status == 0 else { throw .current("rename", subject(name)) }
    }

    /// The target of a symlink.
    package func linkTarget(of name: FileName) throws(SystemError) -> [UInt8] {
        var capacity = 256
        while true {
            var buffer = [CChar](repeating: 0, count: capacity)
            let count = name.withCString { name in
                buffer.withUnsafeMutableBufferPointer {
                    readlinkat(descriptor, name, $0.baseAddress.unsafelyUnwrapped, $0.count)
                }
            }
            guard count >= 0 else { throw .current("readlink", subject(name)) }
            if count < capacity { return buffer[..<count].map { UInt8(bitPattern: $0) } }
            capacity *= 4
        }
    }

    package func setOwner(of name: FileName, _ user: UInt32, _ group: UInt32) throws(SystemError) {
        guard name.withCString({ fchownat(descriptor, $0, user, group, AT_SYMLINK_NOFOLLOW) }) == 0 else {
            throw .current("chown", subject(name))
        }
    }

    /// Sets permissions; not for symlinks, which have none.
    package func setPermissions(of name: FileName, _ permissions: UInt32) throws(SystemError) {
        guard name.withCString({ fchmodat(descriptor, $0, mode_t(permissions), 0) }) == 0 else {
            throw .current("chmod", subject(name))
        }
    }

    package func setTimes(
        of name: FileName,
        accessed: Timestamp,
        modified: Timestamp
    ) throws(SystemError) {
        let status = name.withCString {
            belay_set_times_at(
                descriptor,
                $0,
                accessed.seconds,
                accessed.nanoseconds,
                modified.seconds,
                modified.nanoseconds
            )
        }
        guard status == 0 else { throw .current("utimens", subject(name)) }
    }

    package func setOwner(_ user: UInt32, _ group: UInt32) throws(SystemError) {
        guard fchown(descriptor, user, group) == 0 else { throw .current("chown", path) }
    }

    package func setPermissions(_ permissions: UInt32) throws(SystemError) {
        guard fchmod(descriptor, mode_t(permissions)) == 0 else { throw .current("chmod", path) }
    }

    package func setTimes(accessed: Timestamp, modified: Timestamp) throws(SystemError) {
        let status = belay_set_times(
            descriptor,
            accessed.seconds,
            accessed.nanoseconds,
            modified.seconds,
            modified.nanoseconds
        )
        guard status == 0 else { throw .current("utimens", path) }
    }

    /// Brings the names in the folder to stable storage.
    package func synchronize() throws(SystemError) {
        while fsync(descriptor) != 0 {
            if errno == EINTR { continue }
            let error = SystemError.current("fsync", path)
            // Some file systems cannot synchronise a directory, and then need not.
            if error.isUnsupported { return }
            throw error
        }
    }
}
