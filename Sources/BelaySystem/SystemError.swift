#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A system call that failed: which, on what, and the reason the system gave.
package struct SystemError: Error, Hashable, Sendable {
    /// The name of the call, such as `open`.
    package let call: String
    /// What it was about, for people; may be empty.
    package let subject: String
    /// The system's error number.
    package let number: Int32

    package init(call: String, subject: String, number: Int32) {
        self.call = call
        self.subject = subject
        self.number = number
    }

    /// In place of a number of the system's: what was opened is no regular file.
    package static let notRegular: Int32 = -1

    /// The failure that `errno` tells of right after a call.
    package static func current(_ call: String, _ subject: String) -> SystemError {
        SystemError(call: call, subject: subject, number: errno)
    }

    /// The system's words for the reason, such as `permission denied`.
    package var reason: String {
        switch number {
        case EACCES: "permission denied"
        case EPERM: "operation not permitted"
        case ENOENT: "no such file or directory"
        case EEXIST: "file exists"
        case ENOSPC: "no space left on device"
        case EDQUOT: "disk quota exceeded"
        case EIO: "input/output error"
        case EROFS: "read-only file system"
        case ELOOP: "too many symbolic links"
        case ENAMETOOLONG: "file name too long"
        case ENOTDIR: "not a directory"
        case EISDIR: "is a directory"
        case Self.notRegular: "not a regular file"
        case EMFILE, ENFILE: "too many open files"
        default: String(cString: strerror(number))
        }
    }

    package var isMissing: Bool { number == ENOENT || number == ENOTDIR }
    package var isOtherFileSystem: Bool { number == EXDEV }
    package var isExisting: Bool { number == EEXIST }
    package var isDenied: Bool { number == EACCES || number == EPERM }
    package var isFull: Bool { number == ENOSPC || number == EDQUOT }
    /// A file that is larger than whoever reads or writes it takes.
    package var isTooLarge: Bool { number == EFBIG }
    /// A program that was to read what is written has ended, or closed its input.
    package var isUnread: Bool { number == EPIPE }
    package var isUnsupported: Bool {
        number == ENOTSUP || number == EOPNOTSUPP || number == ENOSYS || number == EINVAL
    }
}

extension SystemError: CustomStringConvertible {
    package var description: String {
        subject.isEmpty ? "\(call): \(reason)" : "\(call) \(subject): \(reason)"
    }
}
