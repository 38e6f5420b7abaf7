package import BelayCore

/// Finds the one snapshot that a SNAP argument means.
///
/// The order of what counts:
/// 1. `latest` and `latest~N`, times from now (`2 hours ago`), and whole ids always mean just that.
/// 2. The exact name of a checkpoint wins over beginnings of times and ids, because nothing longer could be
///    typed for it. A checkpoint wins over released ones with the same name.
/// 3. Otherwise the text is the beginning of a time or of an id. If it fits several snapshots, be it as
/// times, as
///    ids or as one of each, it is ambiguous; nothing is guessed.
package enum SnapshotResolver {
    /// The snapshot that `text` means among `snapshots`, which may come in any order.
    ///
    /// Times are compared as a clock in `zone` shows them, which is how lists print them.
    package static func resolve(
        _ text: String,
        among snapshots: [SnapshotSummary],
        now: Timestamp,
        zone: TimeZoneRules
    ) throws(SnapshotResolutionError) -> SnapshotID {
        guard let reference = SnapshotReference(text) else { throw .empty }
        let ordered = snapshots.newestFirst()
        guard let oldest = ordered.last else { throw .noSnapshots }
        switch reference {
        case .latest(let back):
            guard back < ordered.count else { throw .tooFewSnapshots(count: ordered.count) }
            return ordered[back].id
        case .relative(let relative):
            let moment = relative.moment(now: now, in: zone)
            guard let found = ordered.first(where: { $0.time <= moment }) else {
                throw .nothingBefore(moment, oldest: oldest)
            }
            return found.id
        case .id(let id):
            guard ordered.contains(where: { $0.id == id }) else { throw .notFound(text, suggestions: []) }
            return id
        case .word(let word):
            return try resolve(word, among: ordered, zone: zone)
        }
    }

    private static func resolve(
        _ word: SnapshotReference.Word,
        among ordered: [SnapshotSummary],
        zone: TimeZoneRules
    ) throws(SnapshotResolutionError) -> SnapshotID {
        let named = ordered.filter { $0.tags.name == word.text }
        let checkpoints = named.filter(\.tags.isCheckpoint)
        let byName = checkpoints.isEmpty ? named : checkpoints
        let candidates =
            byName.isEmpty
            ? ordered.filter { snapshot in
                word.time?.matches(snapshot.time, in: zone) == true
                    || word.idPrefix.map { snapshot.id.hexadecimal.utf8.starts(with: $0.utf8) } == true
            } : byName
        guard let first = candidates.first else {
            throw .notFound(word.text, suggestions: suggestions(for: word, among: ordered, zone: zone))
        }
        guard candidates.allSatisfy({ $0.id == first.id }) else {
            throw .ambiguous(word.text, candidates: candidates)
        }
        return first.id
    }

    /// Similar names; for a time, the snapshots next to it on both sides.
    private static func suggestions(
        for word: SnapshotReference.Word,
        among ordered: [SnapshotSummary],
        zone: TimeZoneRules
    ) -> [String] {
        let names = NearestName.suggestions(for: word.text, among: ordered.compactMap(\.tags.name))
        guard let time = word.time else { return names }
        let moment = time.earliest(in: zone)
        let neighbours = [ordered.last { $0.time >= moment }, ordered.first { $0.time < moment }]
        return names + neighbours.compactMap { $0?.time.compactText(in: zone) }
    }
}

/// Why a SNAP argument does not lead to one snapshot.
package enum SnapshotResolutionError: Error, Hashable, Sendable {
    /// There is nothing to look for.
    case empty
    /// There is nothing to look in.
    case noSnapshots
    /// `latest~N` goes back further than there are snapshots.
    case tooFewSnapshots(count: Int)
    /// Every snapshot is later than the moment that was named.
    case nothingBefore(Timestamp, oldest: SnapshotSummary)
    /// Nothing fits; the suggestions can be typed as they are.
    case notFound(String, suggestions: [String])
    /// Several fit, newest first.
    case ambiguous(String, candidates: [SnapshotSummary])
}

extension SnapshotResolutionError {
    /// The failure in the words for a person, with times as a clock in `zone` shows them.
    package func report(in zone: TimeZoneRules) -> BelayError {
        switch self {
        case .empty:
            return BelayError(.usage, "no snapshot is named", hint: "name one, such as `latest`")
        case .noSnapshots:
            return BelayError(
                .snapshotNotFound,
                "there are no snapshots yet",
                hint: "make one with `belay backup`"
            )
        case .tooFewSnapshots(let count):
            return BelayError(
                .snapshotNotFound,
                "there \(count == 1 ? "is" : "are") only \(Count.text(count, "snapshot"))",
                hint: count == 1 ? "type `latest`" : "go back at most to `latest~\(count - 1)`"
            )
        case .nothingBefore(let moment, let oldest):
            return BelayError(
                .snapshotNotFound,
                "no snapshot was made until \(moment.localText(in: zone))",
                hint: "type `\(oldest.time.compactText(in: zone))` for the oldest"
            )
        case .notFound(let text, let suggestions):
            return BelayError(
                .snapshotNotFound,
                "no snapshot is called `\(text)`, and no time or id begins like that",
                hint: suggestions.isEmpty
                    ? "type `belay list` to see what there is"
                    : "type \(suggestions.map { "`\($0)`" }.joined(separator: " or "))"
            )
        case .ambiguous(let text, let candidates):
            return BelayError(
                .snapshotAmbiguous,
                "`\(text)` fits \(Count.text(candidates.count, "snapshot"))",
                hint: "type the id of the one that is meant: \(Self.ids(candidates))",
                subjects: candidates.map { $0.line(in: zone) }
            )
        }
    }
}

extension SnapshotResolutionError {
    /// More than these are only listed.
    private static let idsShown = 3

    /// Ids to be typed: `12ab34cd` or `56ef78ab`.
    private static func ids(_ candidates: [SnapshotSummary]) -> String {
        let ids = candidates.prefix(idsShown).map { "`\($0.id.short)`" }
        let others = candidates.count > idsShown ? ["another of those above"] : []
        return (ids + others).joined(separator: " or ")
    }
}

extension SnapshotSummary {
    /// The time, the beginning of the id, and the name if there is one.
    fileprivate func line(in zone: TimeZoneRules) -> String {
        let name = tags.name.map { " \($0)" } ?? ""
        return "\(time.compactText(in: zone)) \(id.short)\(name)"
    }
}
