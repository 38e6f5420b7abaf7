/// What a backup stored, in the words that belay and restic share.
struct BackupSummary: Decodable {
    struct Failure: Decodable {
        var path: String
        var kind: String
        var reason: String
    }

    var snapshotId: String?
    var filesNew: Int
    var filesChanged: Int
    var filesUnmodified: Int
    var dirsNew: Int
    var dirsChanged: Int
    var dirsUnmodified: Int
    var dataBlobs: Int
    var treeBlobs: Int
    var dataAdded: Int
    var totalFilesProcessed: Int
    var totalBytesProcessed: Int
    /// belay's alone.
    var failures: [Failure]?
}

/// A snapshot as `restic snapshots` and `belay list` show it.
struct ListedSnapshot: Decodable {
    struct Summary: Decodable {
        var totalFilesProcessed: Int
        var totalBytesProcessed: Int
        var dataAdded: Int
    }

    var id: String
    var shortId: String
    var time: String
    var hostname: String
    var username: String
    var paths: [String]
    var tags: [String]?
    var parent: String?
    var tree: String?
    var programVersion: String?
    /// restic's alone.
    var summary: Summary?
    /// belay's alone, as all that follows.
    var totalFilesProcessed: Int?
    var kind: String?
    var name: String?
}

/// What `belay init` made.
struct InitializationSummary: Decodable {
    var id: String
    var keyFile: String?
}

/// What `belay verify` found.
struct VerifySummary: Decodable {
    struct Finding: Decodable {
        struct Affected: Decodable {
            var snapshot: String
            var path: String
        }

        var severity: String
        var code: String
        var subject: String
        var message: String
        var advice: String
        var affectedCount: Int
        var affected: [Affected]
    }

    var numErrors: Int
    var numHints: Int
    var snapshots: Int
    var packs: Int
    var packsRead: Int
    var findings: [Finding]

    var errors: [Finding] { findings.filter { $0.severity == "error" } }
}

/// What `belay restore` did.
struct RestoreSummary: Decodable {
    struct Failure: Decodable {
        var path: String
        var reason: String
    }

    var filesRestored: Int
    var failures: [Failure]
}

/// What `belay cleanup` and its halves did.
struct CleanupSummary: Decodable {
    struct Space: Decodable {
        var packs: Int
        var freed: Int
        var removedPacks: Int
        var repackedPacks: Int
    }

    var removedSnapshots: [String]
    var space: Space?
}

/// A failure of belay.
struct FailureDocument: Decodable {
    var messageType: String
    var code: Int32
    var error: String
    var message: String
    var hint: String?
    var subjects: [String]
}
