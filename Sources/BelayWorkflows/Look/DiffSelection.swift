import BelayCore
import BelayProject

/// What of a project is compared.
struct DiffSelection: Sendable {
    /// Below the project's directory; empty for all files.
    private(set) var paths: [[UInt8]] = []
    /// Whether files are compared at all.
    private(set) var hasFiles = true
    /// The databases and captures that were named; `nil` for all.
    private(set) var named: Set<String>?

    /// What was asked for, or what both sides of the comparison hold.
    init(_ only: [String], _ project: Project, _ manifests: [Manifest?]) {
        if only.isEmpty {
            let scope = manifests.lazy.compactMap(\.?.scope.only).first { !$0.isEmpty } ?? []
            paths = scope.map { SnapshotPath.normalized($0) }
            // A snapshot of databases alone says nothing of files.
            hasFiles = manifests.allSatisfy { $0?.scope.files ?? true }
            return
        }
        let configuration = project.configuration
        let parts = Set(
            configuration.databases.map(\.name) + configuration.captures.map(\.name)
                + manifests.compactMap { $0 }.flatMap(Self.parts)
        )
        var named: Set<String> = []
        hasFiles = false
        for name in only {
            if let component = configuration.components.first(where: { $0.name == name }) {
                paths += component.paths.map { SnapshotPath.normalized($0) }
                hasFiles = true
            } else if parts.contains(name) {
                named.insert(name)
            } else {
                paths.append(SnapshotPath.normalized(name))
                hasFiles = true
            }
        }
        self.named = named
    }

    /// Whether a database is compared: it was named, or lies where paths were.
    func includes(database name: String, source: String?) -> Bool {
        guard let named else { return true }
        if named.contains(name) { return true }
        guard hasFiles, let source else { return false }
        let place = SnapshotPath.normalized(source)
        return paths.contains { $0.isEmpty || place == $0 || place.starts(with: $0 + [0x2F]) }
    }

    func includes(capture name: String) -> Bool { named?.contains(name) ?? true }

    private static func parts(_ manifest: Manifest) -> [String] {
        (manifest.databases ?? []).map(\.name) + (manifest.captures ?? []).map(\.name)
            + (manifest.missing ?? []).map(\.name)
    }
}
