package import BelayCore
import BelayParts

/// What a rollback is asked to do.
package struct RollbackRequest: Sendable {
    package var snapshot: String
    /// Names of databases, of a database and one collection of it as `json/tasks`, or of captures.
    package var only: [String]
    /// Brings back also what cannot be stored first, such as a database that is damaged; it is then only kept.
    package var isForced: Bool

    package init(snapshot: String, only: [String], isForced: Bool = false) {
        self.snapshot = snapshot
        self.only = only
        self.isForced = isForced
    }
}

/// What a rollback will do.
package struct RollbackPlan: Sendable {
    /// A database, as it was and as it is.
    package struct Database: Sendable {
        package enum Present: Sendable {
            /// Nothing was written since the snapshot: it stays as it is.
            case same
            case other
            /// It is not there.
            case missing
        }

        /// As it was named: the database, or one collection of it.
        package var argument: String
        package var stored: Manifest.Database
        package var present: Present
        let engine: any RestorableEngine

        /// Whether a command changes what is live, instead of a copy that takes its place.
        package var isByCommand: Bool { !engine.keepsReplaced }
    }

    package var snapshot: StoredSnapshot
    package var databases: [Database]

    /// Those that will be replaced.
    package var changing: [Database] {
        databases.filter { if case .same = $0.present { false } else { true } }
    }
}

/// What a rollback did.
package struct RollbackResult: Sendable {
    /// A database that was replaced.
    package struct Database: Sendable {
        package var argument: String
        package var stored: Manifest.Database
        let kept: KeptDatabase?
        /// Where what was there is kept; `nil` if nothing was there.
        package var keptPlace: String? { kept?.place }
        /// How long the exchange itself took.
        package var exchange: Duration
        package var isByCommand: Bool
        /// Whether something was there that was replaced.
        package var wasThere: Bool
    }

    package var plan: RollbackPlan
    /// What was there before; `nil` if nothing was there that could be stored.
    package var safety: StoredSnapshot?
    /// Names of databases that the safety snapshot does not hold, because they could not be read.
    package var unstored: [String]
    package var databases: [Database]
    /// How long it took to load and compare all of them.
    package var loading: Duration
    package var duration: Duration
}
