package import BelayCore

/// What a check found, and what it looked at.
package struct CheckReport: Sendable {
    /// Errors first, then hints; each in the order of its subject.
    package var findings: [Finding] = []
    /// Findings beyond ``findingsMaximum``, which are only counted.
    package var omittedFindings = 0

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

    /// A repository of rubble should not exhaust the memory of who looks at it.
    package static let findingsMaximum = 10_000

    package var hasErrors: Bool { findings.contains { $0.severity == .error } }

    /// One imperative sentence about a finding of this report, with the command to type.
    ///
    /// What no index describes may be just what is missing elsewhere: it must not be cleaned away then.
    package func advice(on finding: Finding) -> String {
        if case .packUnknown = finding.problem, hasErrors {
            return "run `belay repair index`: it may hold what is missing"
        }
        return finding.advice
    }

    mutating func add(_ problem: Finding.Problem) {
        guard findings.count < Self.findingsMaximum else {
            omittedFindings += 1
            return
        }
        findings.append(Finding(problem))
    }
}
