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
    private var isOpen = false
    private let path: String

    private static let logHeaderLength = 32

    init(_ path: String) { self.path = path }

    /// Opens those that are there, unless that was done before.
    func open() throws(SystemError) {
        if isOpen { return }
        isOpen = true
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

    /// Lets the disk begin with what was written to the log, so that there is less to wait for later.
    func beginWritingLog() { log?.beginWriting() }

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
        // Its two copies are the same but for the moment of a write.
        let length = SQLiteLogIndex.headerLength
        if let bytes = try index?.start(count: 2 * length), bytes.count == 2 * length {
            let first = bytes.prefix(length)
            guard first.elementsEqual(bytes.suffix(length)) else { return nil }
            parts.append(Hexadecimal.text(Array(first)))
        } else {
            parts.append("none")
        }
        return parts.joined(separator: "|")
    }

    /// The beginning of the log's index; `nil` if there is none, or somebody writes it at this moment.
    func logIndex() throws(SystemError) -> SQLiteLogIndex? {
        guard let bytes = try index?.start(count: SQLiteLogIndex.length) else { return nil }
        return SQLiteLogIndex(bytes)
    }

    /// Bytes of the database's file.
    func length() throws(SystemError) -> UInt64 { try main?.status().size ?? 0 }

    /// Reads from the database's file at `offset` until `target` is full or the file ends.
    func read(into target: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(SystemError) -> Int {
        try main?.read(into: target, at: offset) ?? 0
    }

    /// Fills `target` from the log.
    func readLog(into target: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(SystemError) {
        let count = try log?.read(into: target, at: offset) ?? 0
        // No data: what an index names must be in the log.
        if count < target.count { throw SystemError(call: "read", subject: path + "-wal", number: 61) }
    }

    /// Whether there are frames in a log that SQLite would go by, whatever the file's header says.
    func hasLog() throws(SystemError) -> Bool { try log?.status().size ?? 0 > 0 }

    /// Whether a transaction may have been begun and not ended in a rollback journal.
    func hasJournal() throws(SystemError) -> Bool {
        try Paths.status(path + "-journal").map { $0.size > 0 } ?? false
    }

    /// Whether nobody has written to the file for so many seconds, and no transaction is open.
    func isAtRest(for seconds: Int64, now: Timestamp) throws(SystemError) -> Bool {
        guard let changed = try main?.status().changed, try !hasJournal(), try !hasLog() else { return false }
        let (age, overflow) = now.seconds.subtractingReportingOverflow(changed.seconds)
        return !overflow && age > seconds
    }

    private static func text(_ status: FileStatus) -> String {
        "\(status.deviceID):\(status.inode):\(status.size):\(status.modified.seconds).\(status.modified.nanoseconds)"
    }
}
