import CBelay

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Things done by path, for belay's own folders and what a person names on the command line.
package enum Paths {
    /// Makes a directory and those above it that are missing.
    package static func makeFolders(_ path: String, mode: UInt32 = 0o700) throws(SystemError) {
        if mkdir(path, mode_t(mode)) == 0 { return }
        if errno == EEXIST {
            guard isFolder(path) else { throw SystemError(call: "mkdir", subject: path, number: ENOTDIR) }
            return
        }
        guard errno == ENOENT, let parent = parent(of: path), parent != path else {
            throw .current("mkdir", path)
        }
        try makeFolders(parent, mode: mode)
        if mkdir(path, mode_t(mode)) != 0 && errno != EEXIST { throw .current("mkdir", path) }
    }

    /// What is at a path, symlinks followed; `nil` if there is nothing.
    package static func status(_ path: String) throws(SystemError) -> FileStatus? {
        var result = belay_status()
        if belay_status_following(path, &result) == 0 { return FileStatus(result) }
        let error = SystemError.current("stat", path)
        if error.isMissing { return nil }
        throw error
    }

    package static func isFolder(_ path: String) -> Bool {
        // A path that cannot be looked at is no folder that could be used.
        (try? status(path))?.isDirectory ?? false
    }

    /// Whether there is a regular file that this process may run.
    package static func isProgram(_ path: String) -> Bool {
        // What cannot be looked at cannot be run either.
        (try? status(path))?.isRegular ?? false && access(path, X_OK) == 0
    }

    package static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    package static func isWritable(_ path: String) -> Bool {
        access(path, W_OK) == 0
    }

    package static func remove(_ path: String) throws(SystemError) {
        guard unlink(path) == 0 else { throw .current("unlink", path) }
    }

    package static func removeFolder(_ path: String) throws(SystemError) {
        guard rmdir(path) == 0 else { throw .current("rmdir", path) }
    }

    package static func rename(_ path: String, to newPath: String) throws(SystemError) {
        guard Glibc.rename(path, newPath) == 0 else { throw .current("rename", path) }
    }

    /// Lets two entries change their places in one step.
    ///
    /// - Throws: the failure of the system; not every file system can.
    package static func exchange(_ path: String, _ other: String) throws(SystemError) {
        guard belay_exchange(path, other) == 0 else { throw .current("exchange", path) }
    }

    package static func setPermissions(of path: String, _ permissions: UInt32) throws(SystemError) {
        guard chmod(path, mode_t(permissions)) == 0 else { throw .current("chmod", path) }
    }

    /// The path with symlinks, `.` and `..` resolved.
    package static func real(_ path: String) throws(SystemError) -> String {
        guard let resolved = realpath(path, nil) else { throw .current("realpath", path) }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The absolute form of a path, cleaned of `.`, `..` and doubled slashes without asking the file system.
    package static func absolute(_ path: String, from base: String) -> String {
        let whole = path.hasPrefix("/") ? path : base + "/" + path
        var parts: [Substring] = []
        for part in whole.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    package static func workingDirectory() throws(SystemError) -> String {
        guard let path = getcwd(nil, 0) else { throw .current("getcwd", "") }
        defer { free(path) }
        return String(cString: path)
    }

    /// Makes another directory the one that relative paths count from, for the whole process.
    package static func changeWorkingDirectory(_ path: String) throws(SystemError) {
        guard chdir(path) == 0 else { throw .current("chdir", path) }
    }

    package static func parent(of path: String) -> String? {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The path with the symlinks resolved in as much of it as there is.
    package static func resolved(_ path: String) -> String {
        let existing = nearestExisting(path)
        let rest = existing == "/" ? path : String(path.dropFirst(existing.count))
        // What cannot be resolved stops whoever goes there, too.
        guard let real = try? real(existing) else { return path }
        return real == "/" && !rest.isEmpty ? rest : real + rest
    }

    /// What of a path lies below a folder, without a slash in front; `nil` if it lies elsewhere or is the folder.
    package static func relative(_ path: String, to folder: String) -> String? {
        let prefix = folder == "/" ? "/" : folder + "/"
        return path.hasPrefix(prefix) && path != prefix ? String(path.dropFirst(prefix.count)) : nil
    }

    /// The path, or the nearest one above it that exists.
    package static func nearestExisting(_ path: String) -> String {
        var existing = path
        while !exists(existing), let parent = parent(of: existing), parent != existing { existing = parent }
        return existing
    }

    /// The names in a directory, unsorted, without `.` and `..`; empty if it is not there.
    package static func names(in path: String) throws(SystemError) -> [String] {
        let folder: Folder
        do throws(SystemError) {
            folder = try Folder.open(path: path)
        } catch {
            if error.isMissing { return [] }
            throw error
        }
        var listing = DirectoryListing()
        try listing.read(folder)
        return (0..<listing.count).map { String(decoding: listing.name($0), as: UTF8.self) }
    }

    /// Bytes that can still be written below `path`; `nil` where there is no disk to count them on.
    package static func availableSpace(_ path: String) throws(SystemError) -> UInt64? {
        var available: UInt64 = 0
        var total: UInt64 = 0
        guard belay_space(path, &available, &total) == 0 else { throw .current("statvfs", path) }
        return total == 0 ? nil : available
    }

    /// Whether every process of this machine sees a change below `path` at once (no network, no FUSE).
    package static func isLocalFileSystem(_ path: String) -> Bool {
        belay_is_local_file_system(path) == 1
    }
}
