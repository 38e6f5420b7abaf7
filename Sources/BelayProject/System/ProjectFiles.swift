import Glibc

/// The few file operations that this module needs: bounded reading, looking, and creating a private file.
///
/// Paths are texts here, because all of them come from a configuration, a command line or the environment.
enum ProjectFiles {
    /// What is known of a file without reading it.
    struct Facts: Sendable {
        var isDirectory: Bool
        var isRegular: Bool
        var isSymlink: Bool
        /// The twelve permission bits.
        var permissions: UInt32
        var owner: UInt32
        var size: Int64
    }

    /// Why a file operation failed.
    struct Failure: Error, CustomStringConvertible {
        /// The number the system gave, 0 if the file is larger than the caller allows, or -1 if it is no regular
        /// file.
        var number: Int32

        static let tooLarge = Failure(number: 0)
        /// Such as a FIFO, for whose writer nobody should wait, or a device that has no end.
        static let notRegular = Failure(number: -1)

        var isMissing: Bool { number == ENOENT || number == ENOTDIR }

        var description: String {
            switch number {
            case 0: "it is too large"
            case -1: "it is not a regular file"
            case ENOENT: "no such file or directory"
            case EACCES, EPERM: "permission denied"
            case EISDIR: "it is a directory"
            case ENOTDIR: "a part of the path is not a directory"
            case ELOOP: "too many symbolic links"
            case EEXIST: "it exists already"
            case ENOSPC, EDQUOT: "no space left"
            case EROFS: "the file system is read-only"
            case EINVAL: "the path is not valid"
            default: "system error \(number)"
            }
        }
    }

    /// The facts about a file, following a symbolic link only if asked to.
    static func facts(of path: String, followingLink: Bool = true) throws(Failure) -> Facts {
        try check(path)
        var status = stat()
        let result = followingLink ? stat(path, &status) : lstat(path, &status)
        guard result == 0 else { throw Failure(number: errno) }
        return Facts(status)
    }

    /// Whether there is something with that path; a link to nothing counts.
    static func exists(_ path: String) -> Bool {
        do {
            _ = try facts(of: path, followingLink: false)
            return true
        } catch {
            return false
        }
    }

    /// The whole content, from whatever can be opened and read to its end: a pipe is as good as a file.
    ///
    /// For files that somebody names for this once, such as `<(pass show belay)`: it waits for their writer.
    static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
        try check(path)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(number: errno) }
        defer { close(descriptor) }
        return try read(descriptor, limit: limit)
    }

    /// The whole content of a regular file, and nothing else.
    static func readRegular(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
        try readRegularWithFacts(path, limit: limit).bytes
    }

    /// The content together with the facts of the very file it was read from, so that no swap can come
    /// between.
    static func readRegularWithFacts(
        _ path: String,
        limit: Int
    ) throws(Failure) -> (bytes: [UInt8], facts: Facts) {
        try check(path)
        // O_NONBLOCK: the writer of a FIFO that lies there may never come.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Failure(number: errno) }
        defer { close(descriptor) }
        let facts = try facts(of: descriptor)
        guard facts.isRegular else { throw facts.isDirectory ? Failure(number: EISDIR) : .notRegular }
        return (try read(descriptor, limit: limit), facts)
    }

    private static func facts(of descriptor: Int32) throws(Failure) -> Facts {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure(number: errno) }
        return Facts(status)
    }

    /// At most the first `count` bytes of a regular file.
    static func prefix(of path: String, count: Int) throws(Failure) -> [UInt8] {
        try check(path)
        // O_NONBLOCK: a pipe that took the file's place must not make the caller wait.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw Failure(number: errno) }
        defer { close(descriptor) }
        guard try facts(of: descriptor).isRegular else { throw .notRegular }
        var bytes = [UInt8](repeating: 0, count: count)
        let received = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
        guard received >= 0 else { throw Failure(number: errno) }
        return Array(bytes.prefix(received))
    }

    /// Reads a descriptor to its end.
    static func read(_ descriptor: Int32, limit: Int) throws(Failure) -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1_024)
        while true {
            let received = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if received == 0 { return content }
            if received < 0 {
                if errno == EINTR { continue }
                throw Failure(number: errno)
            }
            guard content.count + received <= limit else { throw .tooLarge }
            content += chunk[..<received]
        }
    }

    /// The names in a directory that are UTF-8, in the order of their bytes, without `.` and `..`; at most
    /// `limit`.
    static func names(in path: String, limit: Int) throws(Failure) -> (names: [String], isComplete: Bool) {
        try check(path)
        guard let stream = opendir(path) else { throw Failure(number: errno) }
        defer { closedir(stream) }
        var names: [String] = []
        var isComplete = true
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
                    String(validatingCString: $0)
                }
            }
            guard let name, name != ".", name != ".." else { continue }
            guard names.count < limit else {
                isComplete = false
                break
            }
            names.append(name)
        }
        return (names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }, isComplete)
    }

    /// The path with links resolved as far as it exists, and the rest put in order by its text.
    static func canonicalPath(_ path: String) -> String {
        var existing = PathText.normalized(path)
        var rest: [Substring] = []
        while true {
            if !existing.utf8.contains(0), let resolved = realpath(existing, nil) {
                defer { free(resolved) }
                let base = String(cString: resolved)
                return PathText.collapsingParents(
                    ([base] + rest.reversed().map(String.init)).joined(separator: "/")
                )
            }
            let (parent, name) = PathText.split(existing)
            guard parent != existing else { return PathText.collapsingParents(path) }
            rest.append(name)
            existing = parent
        }
    }

    /// Creates a file that only its owner can read, and returns once it is on stable storage.
    ///
    /// Missing directories above it are created for the owner alone. An existing file is never replaced.
    static func createPrivate(_ path: String, _ bytes: [UInt8]) throws(Failure) {
        try check(path)
        let directory = PathText.split(path).parent
        try createDirectories(directory)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(number: errno) }
        do throws(Failure) {
            defer { close(descriptor) }
            try write(bytes, to: descriptor)
            guard fsync(descriptor) == 0 else { throw Failure(number: errno) }
        } catch {
            // Half a key is worse than none: it would be found and tried. That the removal may fail changes
            // nothing.
            unlink(path)
            throw error
        }
        try synchronize(directory)
    }

    private static func createDirectories(_ path: String) throws(Failure) {
        if mkdir(path, 0o700) == 0 {
            return try synchronize(PathText.split(path).parent)
        }
        switch errno {
        case EEXIST: return
        case ENOENT:
            let parent = PathText.split(path).parent
            guard parent != path else { throw Failure(number: ENOENT) }
            try createDirectories(parent)
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw Failure(number: errno) }
            try synchronize(parent)
        default: throw Failure(number: errno)
        }
    }

    private static func synchronize(_ directory: String) throws(Failure) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(number: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Failure(number: errno) }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws(Failure) {
        var written = 0
        while written < bytes.count {
            let result = bytes[written...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if result < 0 {
                if errno == EINTR { continue }
                throw Failure(number: errno)
            }
            written += result
        }
    }

    /// A NUL would silently cut the path.
    private static func check(_ path: String) throws(Failure) {
        if path.isEmpty || path.utf8.contains(0) { throw Failure(number: EINVAL) }
    }
}

extension ProjectFiles.Facts {
    fileprivate init(_ status: stat) {
        let type = status.st_mode & S_IFMT
        self.init(
            isDirectory: type == S_IFDIR,
            isRegular: type == S_IFREG,
            isSymlink: type == S_IFLNK,
            permissions: status.st_mode & 0o7777,
            owner: status.st_uid,
            size: Int64(status.st_size)
        )
    }
}
