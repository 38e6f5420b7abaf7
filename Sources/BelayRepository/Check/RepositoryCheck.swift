import BelayCore
import BelayFormat

/// Checks a repository: its structure always, and as many of its packs as asked for.
///
/// A pack whose length is not the right one is read in any case: what of it is still good no length tells.
///
/// Only looks. Whoever needs the answer to hold still takes an exclusive lock around it, as restic does.
package struct RepositoryCheck: Sendable {
    private let repository: Repository
    private let progress: UpkeepProgress

    package init(_ repository: Repository, progress: UpkeepProgress = UpkeepProgress()) {
        self.repository = repository
        self.progress = progress
    }

    /// Checks, and tells for all that is lost which snapshots and paths it is missing in.
    ///
    /// The seed decides which packs a random selection takes. Damage is a result; that the store cannot be
    /// reached is thrown.
    package func run(
        reading selection: PackSelection = .none,
        seed: UInt64 = 0
    ) async throws -> CheckReport {
        var report = CheckReport()
        let survey = try await StructureCheck.run(repository, progress: progress, into: &report)
        let packs = try await choose(selection, seed, survey)
        let outcome = try await DataCheck.run(repository, survey.contents, packs: packs, progress: progress)
        for problem in outcome.problems { report.add(problem) }
        report.readPacks = outcome.packs
        report.readBytes = ByteCount(outcome.bytes)
        report.damagedPacks.formUnion(Self.damagedPacks(outcome.problems))
        if report.hasErrors {
            try await findPaths(survey, outcome, &report)
        }
        report.findings.sort { left, right in
            if left.severity != right.severity { return left.severity == .error }
            return (left.subject, left.code) < (right.subject, right.code)
        }
        return report
    }

    private func choose(
        _ selection: PackSelection,
        _ seed: UInt64,
        _ survey: StructureCheck.Survey
    ) async throws -> [PackSelection.Candidate] {
        let (contents, table) = (survey.contents, survey.contents.table)
        var needed = survey.used
        if case .snapshots(let ids) = selection {
            let walk = TreeWalk(survey.reader)
            needed = try await walk.run(from: survey.snapshots.filter { ids.contains($0.id) }).used
        }
        let candidates = (0..<table.packCount).compactMap { number -> PackSelection.Candidate? in
            let id = table.pack(number)
            guard contents.count(ofPack: number) > 0, let listed = survey.lengths[id] else { return nil }
            let length = contents.packLength(ofPack: number)
            return PackSelection.Candidate(number: number, id: id, length: length, listedLength: listed)
        }
        let wrong = candidates.filter { $0.listedLength != $0.length }
        let others = candidates.filter { $0.listedLength == $0.length }
        return wrong
            + selection.choose(others, seed: seed) { pack in
                contents.records(ofPack: pack.number).contains { record in
                    needed.contains(
                        BlobHandle(record.type, BlobID(table.id(of: record.type, at: record.position)))
                    )
                }
            }
    }

    private static func damagedPacks(_ problems: [Finding.Problem]) -> [PackID] {
        problems.compactMap { problem in
            switch problem {
            case .packUnreadable(let id, _), .packHash(let id), .packHeader(let id, _),
                .packIsAnother(let id, _), .blobsDamaged(let id, _, _):
                id
            default: nil
            }
        }
    }

    // MARK: - What is affected

    /// Goes through the trees once more and tells each finding what cannot be restored because of it.
    private func findPaths(
        _ survey: StructureCheck.Survey,
        _ outcome: DataCheck.Outcome,
        _ report: inout CheckReport
    ) async throws {
        progress.begin(.findingPaths, total: UInt64(report.trees))
        let loss = LostCopies(survey, outcome)
        let map = try await DamageSurvey.map(
            survey.reader,
            roots: survey.snapshots.map(\.snapshot.tree),
            progress: progress,
            isLost: loss.isLost
        )
        let subjects = FindingSubjects(report.findings)
        for snapshot in survey.snapshots {
            map.forEachSpot(below: snapshot.snapshot.tree) { tree, spot, path in
                for position in subjects.findings(about: spot, in: tree, packs: loss.packs) {
                    report.findings[position].affected.add(
                        Finding.Path(snapshot: snapshot.id, path: path.description)
                    )
                }
                switch spot.problem {
                case .lostTree(let id): report.lostBlobs.insert(BlobHandle(.tree, id))
                case .lostContent(let ids, _):
                    // What is only too long for belay is not lost: no repair may take it out.
                    let handles = ids.lazy.map { BlobHandle(.data, $0) }
                    report.lostBlobs.formUnion(handles.filter { !loss.isTooLong($0) })
                default: break
                }
            }
        }
    }
}

/// Tells which blobs have no copy that can be used.
private struct LostCopies: Sendable {
    private let table: IndexTable
    /// The lengths of packs by number; 0 for those that cannot be read.
    private let lengths: [UInt64]
    private let damaged: Set<DataCheck.Copy>

    init(_ survey: StructureCheck.Survey, _ outcome: DataCheck.Outcome) {
        let table = survey.contents.table
        self.table = table
        lengths = (0..<table.packCount).map { number in
            outcome.unreadable.contains(number) ? 0 : survey.lengths[table.pack(number)] ?? 0
        }
        damaged = outcome.damaged
    }

    func isLost(_ handle: BlobHandle) -> Bool {
        forEachCopy(handle) { number, location in
            let end = UInt64(location.offset) + UInt64(location.length)
            return end > lengths[number] || location.isTooLong(handle.type)
                || damaged.contains(.init(handle: handle, pack: number))
        }
    }

    /// Whether there is a copy that would be read if it were shorter.
    func isTooLong(_ handle: BlobHandle) -> Bool {
        table.locations(of: handle).contains { $0.isTooLong(handle.type) }
    }

    /// The numbers of the packs that hold, or should hold, the blob.
    func packs(_ handle: BlobHandle) -> [PackID] {
        table.locations(of: handle).map(\.pack)
    }

    /// Whether `body` holds for all copies.
    private func forEachCopy(_ handle: BlobHandle, _ body: (Int, BlobLocation) -> Bool) -> Bool {
        guard var position = table.firstPosition(of: handle) else { return true }
        while position < table.count(of: handle.type),
            table.id(of: handle.type, at: position) == handle.id.digest
        {
            let number = table.packNumber(of: handle.type, at: position)
            guard body(number, table.location(of: handle.type, at: position)) else { return false }
            position += 1
        }
        return true
    }
}

/// Which findings are about which blob, pack or tree.
private struct FindingSubjects {
    private var byPack: [PackID: [Int]] = [:]
    private var byBlob: [BlobHandle: [Int]] = [:]
    private var byFile: [Entry: [Int]] = [:]

    private struct Entry: Hashable {
        var tree: BlobID
        var name: FileName
    }

    init(_ findings: [Finding]) {
        for (position, finding) in findings.enumerated() {
            switch finding.problem {
            case .packMissing(let id), .packLength(let id, _, _), .packUnreadable(let id, _):
                byPack[id, default: []].append(position)
            case .blobsDamaged(_, let handles, _):
                for handle in handles { byBlob[handle, default: []].append(position) }
            case .blobTooLong(_, let handle, _): byBlob[handle, default: []].append(position)
            case .treeLost(let id, _): byBlob[BlobHandle(.tree, id), default: []].append(position)
            case .dataMissing(let id): byBlob[BlobHandle(.data, id), default: []].append(position)
            case .wrongSize(let id, let name, _, _):
                byFile[Entry(tree: id, name: name), default: []].append(position)
            case .treeIrregular(let id, let irregularity):
                switch irregularity {
                case .invalidName(let name), .duplicateName(let name), .missingContent(let name),
                    .missingSubtree(let name):
                    byFile[Entry(tree: id, name: name), default: []].append(position)
                case .notInOrder, .notCanonical: break
                }
            default: break
            }
        }
    }

    func findings(about spot: DamageMap.Spot, in tree: BlobID, packs: (BlobHandle) -> [PackID]) -> Set<Int> {
        let handles: [BlobHandle]
        switch spot.problem {
        case .lostTree(let id): handles = [BlobHandle(.tree, id)]
        case .lostContent(let ids, _): handles = ids.map { BlobHandle(.data, $0) }
        case .wrongSize, .invalidName, .duplicateName, .noContent, .noTree:
            return Set(byFile[Entry(tree: tree, name: spot.name)] ?? [])
        }
        var positions: Set<Int> = []
        for handle in handles {
            positions.formUnion(byBlob[handle] ?? [])
            for pack in packs(handle) { positions.formUnion(byPack[pack] ?? []) }
        }
        return positions
    }
}
