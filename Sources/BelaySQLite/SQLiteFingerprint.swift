import BelayCore
import BelaySystem

/// What tells whether a database has been written to, without opening it as one.
///
/// With a rollback journal every transaction counts up the header's change counter. With a write-ahead log it moves on
/// the header of the log's index (counter, number of frames, checksums), or, when nobody has the database open and the
/// index is gone, leaves file and log as they are. Times and sizes stand beside them, for writers that go past SQLite.
enum SQLiteFingerprint {
    private static let logHeaderLength = 32
    /// One of the two copies of the header of the log's index, which are the same but for the moment of a write.
    private static let indexHeaderLength = 48

    /// `nil` if the file cannot be looked at, or is written at this moment.
    static func take(of path: String) -> String? {
        // Failures show when the database is opened, with SQLite's own words.
        guard let status = try? Paths.status(path), status.isRegular,
            let bytes = try? readStart(of: path, SQLiteHeader.length),
            let header = bytes.withUnsafeBytes({ SQLiteHeader($0) })
        else { return nil }
        var parts = ["sqlite1", text(status), "\(header.changeCounter)"]
        for (suffix, length) in [("-wal", logHeaderLength), ("-shm", 2 * indexHeaderLength)] {
            let file = path + suffix
            let found: FileStatus?
            do throws(SystemError) {
                found = try Paths.status(file)
            } catch {
                // Not to be taken for one that is not there.
                return nil
            }
            guard let status = found else {
                parts.append("none")
                continue
            }
            // Gone in this moment: somebody writes.
            guard let bytes = try? readStart(of: file, length) else { return nil }
            if suffix == "-wal" {
                // An empty log is as good as none, which is what is left when the last connection closes.
                parts.append(status.size == 0 ? "none" : "\(text(status)) \(hexadecimal(bytes))")
            } else {
                guard bytes.count == length else {
                    parts.append("none")
                    continue
                }
                let first = bytes.prefix(indexHeaderLength)
                guard first.elementsEqual(bytes.suffix(indexHeaderLength)) else { return nil }
                parts.append(hexadecimal(Array(first)))
            }
        }
        return parts.joined(separator: "|")
    }

    private static func text(_ status: FileStatus) -> String {
        "\(status.deviceID):\(status.inode):\(status.size):\(status.modified.seconds).\(status.modified.nanoseconds)"
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String { Hexadecimal.text(bytes) }
}

/// The first bytes of a file, as many as there are.
func readStart(of path: String, _ count: Int) throws(SystemError) -> [UInt8] {
    let file = try OpenFile.reading(path: path)
    var bytes = [UInt8](repeating: 0, count: count)
    var outcome: Result<Int, SystemError> = .success(0)
    bytes.withUnsafeMutableBytes { buffer in
        outcome = Result { () throws(SystemError) in try file.read(into: buffer, at: 0) }
    }
    return Array(bytes[..<(try outcome.get())])
}
