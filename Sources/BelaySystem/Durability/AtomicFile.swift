import BelayCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// How much a write must survive before it is reported.
package enum Durability: Sendable {
    /// On stable storage, contents and name: it survives a power cut.
    case stable
    /// Whole or absent for every reader, but a power cut may take it: for locks and caches.
    case volatile
}

/// Writing a file so that it appears whole or not at all.
package enum AtomicFile {
    /// Writes `bytes` as `name` in the directory at `folder`, then sets `mode`.
    ///
    /// The steps are those of a durable write: a temporary name in the same directory, all bytes, `fsync`,
    /// `rename`, `fsync` of the directory. If the power goes before the rename there is only a stray
    /// temporary file; after it, the whole file. Any failure takes the temporary file away again. Unless it
    /// `replaces` what has the name, that being there is an error.
    package static func write(
        _ bytes: UnsafeRawBufferPointer,
        to name: String,
        inFolder folderPath: String,
        mode: UInt32 = 0o400,
        durability: Durability = .stable,
        replaces: Bool = true
    ) throws(SystemError) {
        let folder = try Folder.open(path: folderPath)
        let temporary = FileName("\(name)-tmp-\(UInt64.random(in: 0...UInt64.max))")
        do throws(SystemError) {
            try writeContents(bytes, as: temporary, in: folder, mode: mode, durability: durability)
            try folder.rename(temporary, to: FileName(name), in: folder, replaces: replaces)
        } catch {
            // What went wrong first is what is told; a stray temporary file is harmless.
            try? folder.remove(temporary)
            throw error
        }
        if durability == .stable { try folder.synchronize() }
    }

    /// Writes an array of bytes; see ``write(_:to:inFolder:mode:durability:)``.
    package static func write(
        _ bytes: [UInt8],
        to name: String,
        inFolder folderPath: String,
        mode: UInt32 = 0o400,
        durability: Durability = .stable,
        replaces: Bool = true
    ) throws(SystemError) {
        var failure: SystemError?
        bytes.withUnsafeBytes { bytes in
            do throws(SystemError) {
                try write(
                    bytes,
                    to: name,
                    inFolder: folderPath,
                    mode: mode,
                    durability: durability,
                    replaces: replaces
                )
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private static func writeContents(
        _ bytes: UnsafeRawBufferPointer,
        as name: FileName,
        in folder: Folder,
        mode: UInt32,
        durability: Durability
    ) throws(SystemError) {
        let file = try OpenFile.creating(name, in: folder)
        if durability == .stable { try file.writePastCache(bytes) } else { try file.write(bytes) }
        let size = try file.status().size
        guard size == UInt64(bytes.count) else {
            throw SystemError(call: "write", subject: file.path, number: EIO)
        }
        // Some file systems have no permissions to set; the file is as safe without.
        try? file.setPermissions(mode)
        if durability == .stable { try file.synchronize() }
    }
}
