import BelayCore
package import BelayRepository

/// What a repair of the index did, or would do.
package struct IndexRepairDocument: ReportDocument {
    package struct Lost: Encodable, Sendable {
        package let pack: String
        package let bytes: UInt64
        package let reason: String
        package let described: Bool
    }

    package let messageType = "summary"
    package let isDryRun: Bool
    package let unreadableIndexes: [String]
    package let recoveredPacks: [String]
    package let recoveredBlobs: Int
    package let missingPacks: [String]
    package let unreadablePacks: [Lost]
    package let rewrittenIndexes: Int
    private let isEmpty: Bool

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case isDryRun = "dry_run"
        case unreadableIndexes = "unreadable_indexes"
        case recoveredPacks = "recovered_packs"
        case recoveredBlobs = "recovered_blobs"
        case missingPacks = "missing_packs"
        case unreadablePacks = "unreadable_packs"
        case rewrittenIndexes = "rewritten_indexes"
    }

    package init(_ plan: IndexRepairPlan, isDryRun: Bool) {
        self.isDryRun = isDryRun
        unreadableIndexes = plan.unreadableIndexes.map(\.hexadecimal)
        recoveredPacks = plan.recoveredPacks.map(\.hexadecimal)
        recoveredBlobs = plan.recoveredBlobs
        missingPacks = plan.missingPacks.map(\.hexadecimal)
        unreadablePacks = plan.unreadablePacks.map {
            Lost(pack: $0.id.hexadecimal, bytes: $0.length, reason: $0.reason, described: $0.isDescribed)
        }
        rewrittenIndexes = plan.rewrittenIndexes.count
        isEmpty = plan.isEmpty
    }

    package func text(_ style: TextStyle) -> String {
        var lines = damageLines(style)
        if isEmpty {
            lines.append(
                unreadablePacks.isEmpty
                    ? "the index describes all packs rightly; there is nothing to repair"
                    : "the index needs no repair; \(Count.text(unreadablePacks.count, "pack")) named above cannot be read"
            )
        } else {
            let verb = isDryRun ? "would be " : ""
            lines.append(
                "\(Count.text(recoveredPacks.count, "pack")) with \(Count.text(recoveredBlobs, "blob")) \(verb)taken from their headers; \(Count.text(rewrittenIndexes, "index file")) \(verb)written anew"
            )
            lines.append(
                isDryRun ? "dry run: nothing was changed" : "next: belay verify, to see what snapshots lack"
            )
        }
        return lines.joined(separator: "\n")
    }

    package func quietText(_ style: TextStyle) -> String {
        isDryRun ? text(style) : damageLines(style).joined(separator: "\n")
    }

    private func damageLines(_ style: TextStyle) -> [String] {
        var lines: [String] = []
        for pack in unreadablePacks {
            let fate =
                pack.described
                ? "the index still describes it; try: belay repair packs \(pack.pack)"
                : "what it held is lost"
            lines.append(
                "\(style.failure("unreadable"))  data/\(pack.pack.prefix(2))/\(pack.pack) (\(ByteCount(pack.bytes))): \(PrintableText.of(pack.reason)); \(fate)"
            )
        }
        for pack in missingPacks {
            lines.append(
                "\(style.failure("missing"))     data/\(pack.prefix(2))/\(pack); what it held is lost"
            )
        }
        for index in unreadableIndexes {
            lines.append("\(style.warning("dropped"))     index/\(index), which cannot be read")
        }
        return lines
    }
}

/// What a repair of packs did, or would do.
package struct PackRepairDocument: ReportDocument {
    package struct Pack: Encodable, Sendable {
        package let id: String
        package let saved: Int
        package let lost: [String]
        package let elsewhere: Int
        package let unreadable: Bool
    }

    package let messageType = "summary"
    package let isDryRun: Bool
    package let packs: [Pack]
    package let sound: [String]

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case isDryRun = "dry_run"
        case packs, sound
    }

    package init(_ plan: PackRepairPlan, isDryRun: Bool) {
        self.isDryRun = isDryRun
        packs = plan.packs.map {
            Pack(
                id: $0.id.hexadecimal,
                saved: $0.saved.count,
                lost: $0.lost.map(\.id.hexadecimal),
                elsewhere: $0.elsewhere.count,
                unreadable: $0.isUnreadable
            )
        }
        sound = plan.sound.map(\.hexadecimal)
    }

    package func text(_ style: TextStyle) -> String {
        var lines: [String] = []
        for id in sound { lines.append("sound     pack \(id.prefix(8)), which stays") }
        let verb = isDryRun ? "would be saved" : "saved"
        for pack in packs {
            lines.append(
                "damaged   pack \(pack.id.prefix(8)): \(Count.text(pack.saved, "blob")) \(verb), \(pack.lost.count) lost, \(pack.elsewhere) also elsewhere"
            )
            for id in pack.lost { lines.append("  lost    blob \(id)") }
        }
        if packs.isEmpty { lines.append("no pack is damaged; there is nothing to repair") }
        if packs.contains(where: { !$0.lost.isEmpty }) {
            lines.append("next: belay repair snapshots, for those that need what is lost")
        }
        if isDryRun { lines.append("dry run: nothing was changed") }
        return lines.joined(separator: "\n")
    }

    package func quietText(_ style: TextStyle) -> String {
        isDryRun || packs.contains { !$0.lost.isEmpty } ? text(style) : ""
    }
}

/// What a repair of snapshots did, or would do.
package struct SnapshotRepairDocument: ReportDocument {
    package struct Change: Encodable, Sendable {
        package let path: String
        package let what: String
    }

    package struct Repair: Encodable, Sendable {
        package let snapshot: String
        package let isLost: Bool
        package let changes: [Change]
        package let changeCount: Int

        private enum CodingKeys: String, CodingKey {
            case snapshot
            case isLost = "lost"
            case changes
            case changeCount = "change_count"
        }
    }

    package let messageType = "summary"
    package let isDryRun: Bool
    package let forgets: Bool
    package let repairs: [Repair]
    package let unreadable: [String]

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case isDryRun = "dry_run"
        case forgets = "forget"
        case repairs, unreadable
    }

    package init(_ plan: SnapshotRepairPlan, isDryRun: Bool, forgets: Bool) {
        self.isDryRun = isDryRun
        self.forgets = forgets
        repairs = plan.repairs.map { repair in
            Repair(
                snapshot: repair.snapshot.id.hexadecimal,
                isLost: repair.tree == nil,
                changes: repair.changes.map { Change(path: $0.path, what: Self.words($0.kind)) },
                changeCount: repair.changeCount
            )
        }
        unreadable = plan.unreadable.map(\.hexadecimal)
    }

    /// More changes of one snapshot are only counted.
    private static let changesShown = 20

    package func text(_ style: TextStyle) -> String {
        var lines: [String] = []
        for id in unreadable {
            lines.append(
                "\(style.failure("unreadable"))  snapshots/\(id); put it back from a copy of the repository, or run belay forget"
            )
        }
        for repair in repairs {
            let name = "snapshot \(repair.snapshot.prefix(8))"
            lines.append(
                repair.isLost
                    ? "\(style.failure("lost"))      \(name): nothing of it is left"
                    : "\(isDryRun ? "would repair" : "repaired")  \(name): \(Count.text(repair.changeCount, "entry", "entries"))"
            )
            for change in repair.changes.prefix(Self.changesShown) {
                lines.append("  \(PrintableText.of(change.path)): \(change.what)")
            }
            if repair.changeCount > Self.changesShown {
                lines.append("  and \(repair.changeCount - Self.changesShown) more")
            }
        }
        if repairs.isEmpty {
            lines.append("no snapshot lacks anything; there is nothing to repair")
        } else if isDryRun {
            lines.append("dry run: nothing was changed")
        } else if forgets {
            lines.append(
                "the damaged snapshots were replaced; what is new has the tag '\(SnapshotRepair.tag)'"
            )
        } else {
            lines.append(
                "the damaged snapshots are still there; what is new has the tag '\(SnapshotRepair.tag)'; to remove them: belay repair snapshots --forget"
            )
        }
        return lines.joined(separator: "\n")
    }

    package func quietText(_ style: TextStyle) -> String {
        isDryRun || !repairs.isEmpty || !unreadable.isEmpty ? text(style) : ""
    }

    private static func words(_ kind: SnapshotRepairPlan.Change.Kind) -> String {
        switch kind {
        case .filePiecesLost(let count):
            "\(Count.text(count, "piece")) lost; the rest is kept under another name"
        case .fileLost: "its contents are lost; an empty file is kept under another name"
        case .directoryLost: "everything in it is lost; an empty directory is kept under another name"
        case .sizeCorrected: "its size is corrected to that of its contents"
        case .renamed: "its name cannot be; it is kept under another name"
        }
    }
}
