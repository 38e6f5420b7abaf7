import BelayArchive
import BelayCore
import BelayProject
import BelayRepository
import BelayRules
import BelaySystem

// What a backup refuses to call a success, and what it tells besides.
extension BackupWorkflow {
    func refuseTakenName(_ catalog: SnapshotCatalog) throws {
        guard let name = request.name else { return }
        let isTaken = catalog.ofProject.contains { stored in
            let tags = SnapshotTags(stored.snapshot.tags)
            return tags.isCheckpoint && tags.name == name
        }
        guard isTaken else { return }
        throw BelayError(
            .checkpointExists,
            "there is a checkpoint '\(name)' already",
            hint: "choose another name, or run `belay release \(name)` first"
        )
    }

    /// Refuses to call a success what looks like a loss.
    func refuseEmpty(_ files: CaptureResult, _ parent: StoredSnapshot?) throws {
        guard request.only.isEmpty else {
            if files.totals.files == 0 && files.totals.folders == 0 {
                throw BelayError(
                    .projectEmpty,
                    "nothing that was asked for is there: \(request.only.joined(separator: ", "))",
                    hint: "check the paths under `components` in belay.yaml"
                )
            }
            return
        }
        if files.rootNodes.isEmpty, let failure = files.failures.first {
            throw BelayError(
                .projectUnreadable,
                "\(workspace.project.directory) cannot be read: \(failure.reason)",
                hint: "check its permissions, and the path given with -C"
            )
        }
        if files.rootNodes.isEmpty {
            throw BelayError(
                .projectEmpty,
                "\(workspace.project.directory) holds nothing that could be stored",
                hint: "check the path given with -C, and what is excluded"
            )
        }
        guard !request.allowsShrinking, let before = parent?.snapshot.summary?.totalFilesProcessed,
            before >= Self.shrinkingFiles, files.totals.files < before / Self.shrinkingFactor
        else { return }
        throw BelayError(
            .projectEmpty,
            "the project has \(files.totals.files) files, where its last snapshot has \(before): that looks like a loss",
            hint:
                "if it is meant, repeat with --allow-shrinking; the last snapshot is \(parent?.id.short ?? "")"
        )
    }

    /// A project of at least so many files that has fewer than a tenth of them is suspect.
    private static let shrinkingFiles: UInt64 = 50
    private static let shrinkingFactor: UInt64 = 10

    /// Parts that the configuration names and that are not in the snapshot: components that are gone, databases and
    /// captures that could not be stored.
    func missingParts(_ selection: PartSelection, _ parts: PartsCapture.Outcome) -> [SourceFailure] {
        let absent = selection.parts.filter { $0.kind == "component" }.flatMap { part in
            part.paths.filter { isAbsent($0) }.map {
                SourceFailure(path: $0, kind: .missing, reason: "component '\(part.name)' is not there")
            }
        }
        return absent
            + (parts.missing + parts.damaged).map {
                SourceFailure(path: "\($0.kind)s/\($0.name)", kind: .part, reason: $0.reason)
            }
    }

    private func isAbsent(_ path: String) -> Bool {
        do throws(SystemError) {
            return try Paths.status("\(workspace.project.directory)/\(path)") == nil
        } catch {
            // The walk tells what cannot be looked at.
            return false
        }
    }

    /// How many snapshots have lost their trees to an index file that is gone; they are told of.
    func tellLostSnapshots(_ catalog: SnapshotCatalog, _ known: KnownBlobs) -> Int {
        let lost = catalog.all.filter { !known.contains(BlobHandle(.tree, $0.snapshot.tree)) }
        guard let first = lost.last else { return 0 }
        let names =
            lost.count == 1
            ? "snapshot \(first.id.short)" : "\(lost.count) snapshots, such as \(first.id.short),"
        workspace.repository.note(
            "\(names) cannot be read: no index names the pack that holds the root. What this project has is stored "
                + "again; run `belay repair index` to bring the others back, then `belay verify --all`"
        )
        return lost.count
    }

    /// Tells that the last snapshot has lost directories; gives how many snapshots that are.
    ///
    /// What this run stores refers to the same trees, where directories are what they were.
    func tellDamage(_ damage: [BelayError], of snapshot: StoredSnapshot?) -> Int {
        guard let first = damage.first, let snapshot else { return 0 }
        let others = damage.count == 1 ? "" : ", and \(Count.text(damage.count - 1, "more"))"
        workspace.repository.note(
            "snapshot \(snapshot.id.short) is damaged (\(first.message)\(others)), and what is stored now may need the same: "
                + "run `belay verify --read-data`, which says what is affected and how to repair it"
        )
        return 1
    }

    func tellLostPacks(_ known: KnownBlobs) {
        guard let first = known.lostPacks.min() else { return }
        let count = known.lostPacks.count
        let packs = count == 1 ? "pack \(first.short) is" : "\(count) packs, such as \(first.short), are"
        workspace.repository.note(
            "\(packs) gone or cut short: what this project has of it is stored again, but earlier snapshots may have lost "
                + "files. Run `belay verify --all`: it says which, and how to repair"
        )
    }
}
