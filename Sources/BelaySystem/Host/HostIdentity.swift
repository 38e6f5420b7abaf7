import BelayCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Who and where this process is.
package struct HostIdentity: Hashable, Sendable {
    package var hostname: String
    package var username: String
    package var userID: UInt32
    package var groupID: UInt32
    package var processID: Int32
    /// Among which processes the number counts, as text; empty if that is not known.
    package var processSpace: String

    package init(
        hostname: String,
        username: String,
        userID: UInt32,
        groupID: UInt32,
        processID: Int32,
        processSpace: String = ""
    ) {
        self.hostname = hostname
        self.username = username
        self.userID = userID
        self.groupID = groupID
        self.processID = processID
        self.processSpace = processSpace
    }

    /// The identity of this process.
    package static func current() -> HostIdentity {
        var buffer = [CChar](repeating: 0, count: 256)
        let status = gethostname(&buffer, buffer.count - 1)
        let characters = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return HostIdentity(
            hostname: status == 0 ? String(decoding: characters, as: UTF8.self) : "unknown",
            username: AccountNames.user(getuid()),
            userID: getuid(),
            groupID: getgid(),
            processID: getpid(),
            processSpace: ProcessSpace.current()?.text ?? ""
        )
    }

    /// Whether a process with that number lives on this machine.
    ///
    /// One that has ended, and whose parent has not asked for its exit status yet, lives no more.
    package static func isAlive(processID: Int32) -> Bool {
        guard kill(processID, 0) == 0 || errno == EPERM else { return false }
        // `man 5 proc`: the number, the name in parentheses, which may hold some itself, and the state. Without that
        // file the process is believed to live.
        guard let text = try? readFile(path: "/proc/\(processID)/stat", limit: 4096),
            let name = text.lastIndex(of: UInt8(ascii: ")"))
        else { return true }
        let state = text[name...].dropFirst().first { $0 != UInt8(ascii: " ") }
        return state != UInt8(ascii: "Z") && state != UInt8(ascii: "X")
    }
}

/// Names of accounts by their numbers.
package enum AccountNames {
    /// The user's name; empty if the number has none.
    package static func user(_ id: UInt32) -> String { field(of: id) { $0.pw_name } }

    /// The user's home directory; empty if the number has none.
    package static func home(_ id: UInt32) -> String { field(of: id) { $0.pw_dir } }

    private static func field(
        of id: UInt32,
        _ field: (passwd) -> UnsafeMutablePointer<CChar>?
    ) -> String {
        var entry = passwd()
        var result: UnsafeMutablePointer<passwd>?
        return withBuffer { buffer in
            let status = getpwuid_r(id, &entry, buffer.baseAddress.unsafelyUnwrapped, buffer.count, &result)
            guard status != ERANGE else { return nil }
            guard status == 0, result != nil, let text = field(entry) else { return "" }
            return String(cString: text)
        }
    }

    /// The group's name; empty if the number has none.
    package static func group(_ id: UInt32) -> String {
        var entry = GroupEntry()
        var result: UnsafeMutablePointer<GroupEntry>?
        return withBuffer { buffer in
            let status = getgrgid_r(id, &entry, buffer.baseAddress.unsafelyUnwrapped, buffer.count, &result)
            guard status != ERANGE else { return nil }
            guard status == 0, result != nil, let name = entry.gr_name else { return "" }
            return String(cString: name)
        }
    }

    private typealias GroupEntry = Glibc.group

    private static func withBuffer(_ body: (UnsafeMutableBufferPointer<CChar>) -> String?) -> String {
        var size = 4096
        while size <= 1 << 20 {
            let found = withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { body($0) }
            if let found { return found }
            size *= 4
        }
        return ""
    }
}
