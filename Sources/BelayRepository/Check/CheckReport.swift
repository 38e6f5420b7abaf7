package import BelayCore

/// What a check found, and what it looked at.
package struct CheckReport: Sendable {
    /// Errors first, then hints; each in the order of its subject.
    ///
    /// At most ``findingsMaximum`` of each; those beyond are only counted.
    package internal(set) var findings: [Finding] = []
    /// How many errors there are altogether.
    package private(set) var errorCount = 0
    /// How many hints there are altogether.
    package private(set) var hintCount = 0

    package var snapshots = 0
    package var indexes = 0
    package var packs = 0
    package var packBytes = ByteCount.zero
    /// Different trees that snapshots need.
    package var trees = 0
    /// Different data blobs that snapshots need.
    package var dataBlobs = 0
    /// Blobs in packs that no snapshot needs.
    package var unusedBlobs = 0
    /// Packs that were read whole.
    package var readPacks = 0
    package var readBytes = ByteCount.zero

    /// Blobs that snapshots need or packs hold, of which no copy is any good; for the repair of snapshots.
    package var lostBlobs: Set<BlobHandle> = []
    /// Packs with damage in them; for the repair of packs.
    package var damagedPacks: Set<PackID> = []

    /// What to do about packs under others' names, by what they are called: then that comes before any repair.
    private var renamings: [String: String] = [:]

    /// A repository of rubble should not exhaust the memory of who looks at it.
    ///
    /// It holds for errors and for hints alone, so that many hints never hide an error.
    package static let findingsMaximum = 10_000

    package var hasErrors: Bool { errorCount > 0 }

    package init() {}

    /// One imperative sentence about a finding of this report, with the command to type.
    ///
    /// What no index describes may be just what is missing elsewhere: it must not be cleaned away then.
    package func advice(on finding: Finding) -> String {
        if case .packUnknown = finding.problem, hasErrors {
            return "run `belay repair index`: it may hold what is missing"
        }
        return renamings[finding.subject] ?? finding.advice
    }

    package mutating func add(_ problem: Finding.Problem) {
        let finding = Finding(problem)
        if case .packIsAnother = problem { renamings[finding.subject] = finding.advice }
        let count: Int
        switch finding.severity {
        case .error:
            errorCount += 1
            count = errorCount
        case .hint:
            hintCount += 1
            count = hintCount
        }
        if count <= Self.findingsMaximum { findings.append(finding) }
    }
}
