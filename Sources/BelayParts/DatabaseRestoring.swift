package import BelayCore

/// A stored state of a database, to be read back from a snapshot.
package protocol PartSource: Sendable {
    /// The names that its files were given to ``PartSink`` with, and their sizes in bytes.
    var files: [String: UInt64] { get }

    /// Hands all bytes of a file over in their order, each checked against its hash before.
    ///
    /// - Throws: `repository.damaged`, what `body` throws, or `CancellationError`.
    func read(_ name: String, _ body: (UnsafeRawBufferPointer) throws -> Void) async throws

    /// Writes a file into a folder, quicker than ``read(_:_:)`` could, and gives its path.
    ///
    /// - Throws: `repository.damaged`, or what keeps it from being written.
    func place(_ name: String, in folder: String) async throws -> String
}

/// An engine that can try out whether a stored state can be loaded.
package protocol RehearsableEngine: DatabaseEngine {
    /// Loads a stored state into a scratch place that has nothing to do with the live database, looks at it as a dump
    /// would, and removes it again.
    ///
    /// - Throws: `database.unrestorable` if it cannot be loaded, `database.programs-missing` if it cannot be tried here.
    func rehearse(_ stored: Manifest.Database, from source: any PartSource) async throws -> DatabaseState
}

/// How an engine brings a stored state back.
///
/// Nothing of the live database changes before ``StagedDatabase/swap(at:)``, and what that replaces is kept.
package protocol RestorableEngine: RehearsableEngine {
    /// Whether a swap is one step that can be taken back; `false` where a command changes what is live.
    var keepsReplaced: Bool { get }

    /// Whether there is a live database, readable or not.
    ///
    /// - Throws: `database.unrestorable` if that cannot be told.
    func isThere() async throws -> Bool

    /// Loads a stored state beside the live database.
    ///
    /// - Throws: `database.unrestorable`; then nothing is left of it.
    func stage(_ stored: Manifest.Database, from source: any PartSource) async throws -> any StagedDatabase

    /// States that swaps have replaced and that are still there, the oldest first.
    func kept() async throws -> [KeptDatabase]

    /// Puts a kept state back in the place of the live database, which is kept in turn.
    ///
    /// The kept state itself is gone then, if the engine can move it, and must be dropped otherwise.
    ///
    /// - Throws: ``UnsettledExchange`` if it took its place all the same.
    func takeBack(_ kept: KeptDatabase, at moment: Timestamp) async throws -> KeptDatabase?

    /// Removes a kept state for good.
    func drop(_ kept: KeptDatabase) async throws
}

extension RestorableEngine {
    package var keepsReplaced: Bool { true }
}

/// An engine whose collections can be brought back one by one.
package protocol CollectionEngine: RestorableEngine {
    /// An engine for one collection: it brings back that alone, and keeps that alone.
    func collection(_ name: String) -> any RestorableEngine
}

/// A state that was loaded beside the live database.
package protocol StagedDatabase: Sendable {
    /// What was loaded, looked at as a dump would.
    func survey() async throws -> DatabaseState

    /// Puts it in the place of the live database, whole or not at all, and tells where the replaced one is kept.
    ///
    /// `nil` if there was none. Whoever is connected is cut off in this moment, unless the engine lets them go on.
    /// `moment` becomes part of the kept one's name.
    ///
    /// - Throws: ``UnsettledExchange`` if it took its place all the same; after any other error the live database is as
    ///   it was.
    func swap(at moment: Timestamp) async throws -> KeptDatabase?

    /// Removes it; the live database is as it was.
    func discard() async throws
}

/// A state took the live one's place, and something that belongs to it failed afterwards.
package struct UnsettledExchange: Error {
    package var kept: KeptDatabase?
    /// For people; it does not name the database.
    package var reason: String

    package init(_ kept: KeptDatabase?, _ reason: String) {
        self.kept = kept
        self.reason = reason
    }
}

/// A state that a swap has replaced.
package struct KeptDatabase: Codable, Hashable, Sendable {
    /// The database's name in the configuration.
    package var name: String
    package var engine: String
    /// Where it is: the name of a database on the same server, or the path of a file.
    package var place: String
    /// When it was replaced, in Unix seconds.
    package var replaced: Int64

    package init(name: String, engine: String, place: String, replaced: Int64) {
        self.name = name
        self.engine = engine
        self.place = place
        self.replaced = replaced
    }
}
