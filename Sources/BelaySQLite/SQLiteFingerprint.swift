import BelayCore
import BelaySystem

/// What tells whether a database has been written to, without opening it as one.
///
/// With a rollback journal every transaction counts up the header's change counter. With a write-ahead log it moves on
/// the header of the log's index (counter, number of frames, checksums), or, when nobody has the database open and the
/// index is gone, leaves file and log as they are. Times and sizes stand beside them, for writers that go past SQLite.
enum SQLiteFingerprint {
    /// `nil` if the file cannot be looked at, or is written at this moment.
    ///
    /// Not to be taken while this process has the database open: it would lose its locks.
    static func take(of path: String) -> String? {
        let files = SQLiteFiles(path)
        do throws(SystemError) {
            try files.open()
            return try files.fingerprint()
        } catch {
            // Failures show when the database is opened, with SQLite's own words.
            return nil
        }
    }
}
