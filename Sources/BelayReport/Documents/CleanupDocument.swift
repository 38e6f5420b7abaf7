import BelayCore
import BelayRepository
import BelayRules
package import BelayWorkflows

/// What a cleanup removed, or would remove.
package struct CleanupDocument: ReportDocument {
    package struct Decision: Encodable, Sendable {
        package let id: String
        package let time: String
        package let timestamp: String
        package let name: String?
        package let keep: Bool
        package let reasons: [String]
    }

    package struct Group: Encodable, Sendable {
        package let group: String
        package let snapshots: [Decision]
    }

    package struct Space: Encodable, Sendable {
        package let packs: Int
        package let bytes: UInt64
        package let freed: UInt64
        package let removedPacks: Int
        package let repackedPacks: Int
        package let copiedBytes: UInt64
        package let unreferencedPacks: Int
        package let remainingUnused: UInt64

        private enum CodingKeys: String, CodingKey {
            case packs, bytes, freed
            case removedPacks = "removed_packs"
            case repackedPacks = "repacked_packs"
            case copiedBytes = "copied_bytes"
            case unreferencedPacks = "unreferenced_packs"
            case remainingUnused = "remaining_unused"
        }
    }

    package let messageType = "summary"
    package let isDryRun: Bool
    package let groups: [Group]
    package let forgotten: [String]
    package let space: Space?
    package let leftPacks: Int
    package let seconds: Double
    private let forgottenItems: [SnapshotItem]
    private let unreadable: [String]
    private let duration: Duration
    private let hasWork: Bool

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case isDryRun = "dry_run"
        case groups
        case forgotten = "removed_snapshots"
        case space
        case leftPacks = "packs_left_behind"
        case seconds = "seconds_elapsed"
    }

    package init(_ outcome: CleanupOutcome, in workspace: Workspace) {
        isDryRun = outcome.isDryRun
        groups = outcome.groups.map { group in
            Group(
                group: "\(group.key)",
                snapshots: group.decisions.map { decision in
                    Decision(
                        id: decision.snapshot.id.hexadecimal,
                        time: InstantText.of(decision.snapshot.time),
                        timestamp: decision.snapshot.time.compactText(in: workspace.zone),
                        name: decision.snapshot.tags.name,
                        keep: decision.isKept,
                        reasons: decision.reasons.map { "\($0)" }
                    )
                }
            )
        }
        forgotten = (outcome.forgotten.map(\.id) + outcome.forgottenUnreadable).map(\.hexadecimal)
        unreadable = outcome.forgottenUnreadable.map(\.short)
        forgottenItems = outcome.forgotten.map { SnapshotItem($0, isLatest: false, in: workspace) }
        space = outcome.plan.map { plan in
            Space(
                packs: plan.total.packs,
                bytes: plan.total.size.bytes,
                freed: plan.freed.bytes,
                removedPacks: plan.removed.packs,
                repackedPacks: plan.repacked.packs,
                copiedBytes: plan.copied.size.bytes,
                unreferencedPacks: plan.unreferenced.packs,
                remainingUnused: plan.remainingUnused.bytes
            )
        }
        hasWork = outcome.plan.map { !$0.isEmpty } ?? !forgotten.isEmpty
        leftPacks = outcome.result?.leftPacks.count ?? 0
        seconds = Elapsed.seconds(outcome.duration)
        duration = outcome.duration
    }

    package func text(_ style: TextStyle) -> String {
        var lines: [String] = []
        for group in groups {
            if groups.count > 1 { lines.append(style.strong(PrintableText.of(group.group))) }
            var table = TextTable([.left, .left, .left, .left])
            for decision in group.snapshots {
                let name = decision.name.map { "'\($0)'  " } ?? ""
                table.add([
                    decision.keep ? "keep" : isDryRun ? "would remove" : "removed",
                    String(decision.id.prefix(8)),
                    decision.timestamp, PrintableText.of(name + decision.reasons.joined(separator: ", ")),
                ])
            }
            lines.append(contentsOf: table.lines)
        }
        if groups.isEmpty {
            for item in forgottenItems {
                lines.append("\(isDryRun ? "would remove" : "removed")  \(item.shortID)  \(item.timestamp)")
            }
            for id in unreadable {
                lines.append("\(isDryRun ? "would remove" : "removed")  \(id)  which cannot be read")
            }
        }
        if !lines.isEmpty { lines.append("") }
        let verb = isDryRun ? "would be " : ""
        if !groups.isEmpty || !forgotten.isEmpty {
            lines.append("snapshots  \(Count.text(forgotten.count, "snapshot")) \(verb)removed")
        }
        if let space {
            lines.append(
                "space      \(ByteCount(space.freed)) of \(ByteCount(space.bytes)) \(verb)freed: \(Count.text(space.removedPacks + space.unreferencedPacks, "pack")) \(verb)removed, \(Count.text(space.repackedPacks, "pack")) \(verb)written anew (\(ByteCount(space.copiedBytes)) copied)"
            )
            if space.remainingUnused > 0 {
                lines.append(
                    "           \(ByteCount(space.remainingUnused)) unused stay, not worth the copying"
                )
            }
        } else {
            lines.append("space      not reclaimed; to do so: belay prune")
        }
        if leftPacks > 0 { lines.append(leftLine(style)) }
        if isDryRun {
            lines.append("dry run: nothing was removed")
        } else if !hasWork {
            lines.append("there was nothing to do")
        }
        lines.append("took       \(Elapsed.text(duration))")
        return lines.joined(separator: "\n")
    }

    package func quietText(_ style: TextStyle) -> String {
        isDryRun ? text(style) : leftPacks > 0 ? leftLine(style) : ""
    }

    private func leftLine(_ style: TextStyle) -> String {
        style.warning("warning")
            + "    \(Count.text(leftPacks, "pack")) could not be removed; the next cleanup takes them"
    }
}
