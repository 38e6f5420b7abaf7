import BelayCore
import BelaySystem

/// The files of a database, held open to be looked at while connections of this process hold locks on them.
///
/// Closing any descriptor of a file drops the locks that this process has on it, so nothing else may open them then,
/// and this must outlive the connections.
final class SQLiteFiles {
    private var main: OpenFile?
    private var log: OpenFile?
    private var index: OpenFile?
    private let path: String

    private static let logHeaderLength = 32
    /// One of the two copies of the header of the log's index, which are the same but for the moment of a write.
    private static let indexHeaderLength = 48

    init(_ path: String) { self.path = path }

    /// Opens those that are there.
    func open() throws(SystemError) {
        main = try OpenFile.reading(path: path)
        log = try Self.optional(path + "-wal")
        index = try Self.optional(path + "-shm")
    }

    private static func optional(_ path: String) throws(SystemError) -> OpenFile? {
        do throws(SystemError) {
            return try OpenFile.reading(path: path)
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    /// Returns once what was written to them is on stable storage, or with what keeps it from being there.
    func synchronize() -> SystemError? {
        do throws(SystemError) {
            try log?.synchronize()
            try main?.synchronize()
            return nil
        } catch {
            return error
        }
    }

    /// What ``SQLiteFingerprint`` is made of; `nil` if somebody writes at this moment.
    func fingerprint() throws(SystemError) -> String? {
        guard let status = try main?.status(), status.isRegular,
            let bytes = try main?.start(count: SQLiteHeader.length),
            let header = bytes.withUnsafeBytes({ SQLiteHeader($0) })
        else { return nil }
        var parts = ["sqlite1", Self.text(status), "\(header.changeCounter)"]
        // An empty log is as good as none, which is what is left when the last connection closes.
        if let status = try log?.status(), status.size > 0,
            let bytes = try log?.start(count: Self.logHeaderLength)
        {
            parts.append("\(Self.text(status)) \(Hexadecimal.text(bytes))")
        } else {
            parts.append("none")
        }
        if let bytes = try index?.start(count: 2 * Self.indexHeaderLength),
            bytes.count == 2 * Self.indexHeaderLength
        {
            let first = bytes.prefix(Self.indexHeaderLength)
            guard first.elementsEqual(bytes.suffix(Self.indexHeaderLength)) else { return nil }
            parts.append(Hexadecimal.text(Array(first)))
        } else {
            parts.append("none")
        }
        return parts.joined(separator: "|")
    }

    private static func text(_ status: FileStatus) -> String {
        "\(status.deviceID):\(status.inode):\(status.size):\(status.modified.seconds).\(status.modified.nanoseconds)"
    }
}
