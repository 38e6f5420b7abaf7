package import BelayCore

/// A database, and how its engine takes its state.
///
/// What every engine guarantees: the state is that of one moment, whoever writes meanwhile; no writer waits longer
/// than the engine's own reading makes it; an engine that fails leaves nothing behind and throws a ``BelayError``
/// that names the database.
package protocol DatabaseEngine: Sendable {
    /// The database's name in the configuration.
    var name: String { get }
    /// What stands in the manifest as `engine`.
    var kind: String { get }

    /// What errors call it: `the database 'shop'`.
    var title: String { get }

    var advice: EngineAdvice { get }

    /// What tells whether anything was written since an earlier snapshot; `nil` if nothing does.
    ///
    /// Two equal values mean that the state is the same. Costs moments, whatever the size.
    func fingerprint() async throws -> String?

    /// Hands the state over and tells what it is.
    func dump(to sink: any PartSink) async throws -> DatabaseState

    /// Tells what a dump would, and stores nothing.
    func survey() async throws -> DatabaseState
}

extension DatabaseEngine {
    package var title: String { "the database '\(name)'" }

    package func survey() async throws -> DatabaseState { try await dump(to: ForgetfulSink()) }
}

/// Takes everything in and keeps nothing.
private struct ForgetfulSink: PartSink {
    func store(
        _ name: String,
        standingFor place: String?,
        reading read: (UnsafeMutableRawBufferPointer) throws -> Int
    ) async throws -> UInt64 {
        var room = [UInt8](repeating: 0, count: 1 << 20)
        var size: UInt64 = 0
        while true {
            try Task.checkCancellation()
            let count = try room.withUnsafeMutableBytes { try read($0) }
            if count == 0 { return size }
            size += UInt64(count)
        }
    }
}

/// What an engine tells of a state that it handed over.
package struct DatabaseState: Hashable, Sendable {
    /// Version of the engine that held it.
    package var version: String?
    package var tables: [Manifest.Table] = []
    /// The definitions of everything in it, as text; stored beside the state.
    package var schema: String?
    /// What ``DatabaseEngine/fingerprint()`` would have given for it.
    package var fingerprint: String?
    /// What checks of the copy found.
    package var checks: [String: String] = [:]

    package init() {}
}

/// Where an engine puts what belongs into the snapshot.
package protocol PartSink: Sendable {
    /// Stores all that `read` gives, which is 0 at the end, as a file; gives its size in bytes.
    ///
    /// One that was stored under that name before does not count any more.
    ///
    /// `place` is where the state lies in the project's directory, if it stands for a file there.
    @discardableResult
    func store(
        _ name: String,
        standingFor place: String?,
        reading read: (UnsafeMutableRawBufferPointer) throws -> Int
    ) async throws -> UInt64
}
