import BelayCore

/// Snapshots of one origin, to which retention rules apply together.
package struct SnapshotGroup: Hashable, Sendable {
    /// What the snapshots have in common; what grouping does not look at is `nil`.
    package struct Key: Hashable, Sendable {
        package var project: String?
        package var hostname: String?
        /// In the order of their bytes.
        package var paths: [String]?
        /// In the order of their bytes.
        package var tags: [String]?
        /// The parts that alone are in snapshots of belay's; empty for those of whole projects, and of other programs.
        package var only: [String]

        package init(
            project: String? = nil,
            hostname: String? = nil,
            paths: [String]? = nil,
            tags: [String]? = nil,
            only: [String] = []
        ) {
            self.project = project
            self.hostname = hostname
            self.paths = paths
            self.tags = tags
            self.only = only
        }
    }

    package var key: Key
    package var snapshots: [SnapshotSummary]

    package init(key: Key = Key(), snapshots: [SnapshotSummary]) {
        self.key = key
        self.snapshots = snapshots
    }
}

/// By what snapshots are grouped before rules apply to each group.
///
/// Whatever it is, snapshots that hold only some parts of a project are apart from those of other parts and from
/// those that hold all of it: a part never takes the place of the whole. Snapshots of other programs hold no parts.
package enum SnapshotGrouping: Hashable, Sendable {
    /// belay's own: by project, and snapshots without a project by host and paths.
    case project
    /// restic's `--group-by`.
    case fields(host: Bool, paths: Bool, tags: Bool)

    /// What restic does when nothing is said.
    package static let restic = SnapshotGrouping.fields(host: true, paths: true, tags: false)

    /// The grouping that a `--group-by` value spells: `host`, `paths`, `tags`, separated by commas.
    ///
    /// Singular and plural are the same, and nothing at all makes one group of everything. `nil` for
    /// anything else.
    package init?(_ text: String) {
        var fields = (host: false, paths: false, tags: false)
        for word in text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false) {
            switch word {
            case "host", "hosts": fields.host = true
            case "path", "paths": fields.paths = true
            case "tag", "tags": fields.tags = true
            case "": continue
            default: return nil
            }
        }
        self = .fields(host: fields.host, paths: fields.paths, tags: fields.tags)
    }

    /// The groups, by their newest snapshot, newest first; each with its snapshots newest first.
    package func groups(of snapshots: [SnapshotSummary]) -> [SnapshotGroup] {
        var positions: [[[UInt8]]: Int] = [:]
        var groups: [SnapshotGroup] = []
        for snapshot in snapshots.newestFirst() {
            let key = key(of: snapshot)
            // Bytes, not text: names that only look alike are different origins.
            let bytes = key.bytes
            if let position = positions[bytes] {
                groups[position].snapshots.append(snapshot)
            } else {
                positions[bytes] = groups.count
                groups.append(SnapshotGroup(key: key, snapshots: [snapshot]))
            }
        }
        return groups
    }

    private func key(of snapshot: SnapshotSummary) -> SnapshotGroup.Key {
        let only = snapshot.tags.only
        switch self {
        case .project:
            // A name alone may be that of another project in a directory of the same name.
            return SnapshotGroup.Key(
                project: snapshot.tags.project,
                hostname: snapshot.hostname,
                paths: snapshot.paths.sortedByBytes(),
                only: only
            )
        case .fields(let host, let paths, let tags):
            return SnapshotGroup.Key(
                hostname: host ? snapshot.hostname : nil,
                paths: paths ? snapshot.paths.sortedByBytes() : nil,
                tags: tags ? snapshot.tags.tags.sortedByBytes() : nil,
                only: only
            )
        }
    }
}

extension SnapshotGroup.Key {
    /// All parts as bytes; a part that is not there differs from an empty one.
    fileprivate var bytes: [[UInt8]] {
        func part(_ values: [String]?) -> [[UInt8]] {
            guard let values else { return [[0]] }
            return [[1]] + values.map { [2] + Array($0.utf8) }
        }
        return part(project.map { [$0] }) + part(hostname.map { [$0] }) + part(paths) + part(tags)
            + part(only)
    }
}

extension SnapshotGroup.Key: CustomStringConvertible {
    package var description: String {
        var parts: [String] = []
        if let project { parts.append("project \(project)") }
        if let hostname { parts.append("host \(hostname)") }
        if let paths { parts.append("paths \(paths.joined(separator: ", "))") }
        if let tags { parts.append("tags \(tags.joined(separator: ", "))") }
        if !only.isEmpty { parts.append("only \(only.joined(separator: ", "))") }
        return parts.isEmpty ? "all snapshots" : parts.joined(separator: ", ")
    }
}

extension [String] {
    fileprivate func sortedByBytes() -> [String] {
        sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
