import BelayCore
import BelayProject
import BelayRules

/// What `--only` chooses.
///
/// A full snapshot holds the whole directory, all databases and captures; components only give names to parts of the
/// directory.
struct PartSelection {
    /// Paths below the project's directory; empty for everything.
    var paths: [String] = []
    var parts: [Manifest.Part] = []
    var databases: [DatabaseSettings] = []
    var captures: [CaptureSettings] = []
    /// Whether files of the project are stored.
    var hasFiles = true
    /// Whether the snapshot holds less than the whole project.
    var isPartial = false

    init(_ only: [String], in project: Project) throws {
        let components = project.configuration.components
        if only.isEmpty {
            databases = project.configuration.databases
            captures = project.configuration.captures
            parts = components.map { Self.part($0) }
            parts += databases.map { Self.part($0, project) } + captures.map { Self.part($0) }
            return
        }
        hasFiles = false
        isPartial = true
        for name in only {
            if let component = components.first(where: { $0.name == name }) {
                parts.append(Self.part(component))
                paths.append(contentsOf: component.paths)
                hasFiles = true
                continue
            }
            if let database = project.configuration.databases.first(where: { $0.name == name }) {
                databases.append(database)
                parts.append(Self.part(database, project))
                continue
            }
            if let capture = project.configuration.captures.first(where: { $0.name == name }) {
                captures.append(capture)
                parts.append(Self.part(capture))
                continue
            }
            let names =
                components.map(\.name) + project.configuration.databases.map(\.name)
                + project.configuration.captures.map(\.name)
            let nearest = NearestName.suggestion(for: name, among: names)
            throw BelayError(
                .usage,
                "the project has no part '\(name)'",
                hint: nearest.map { "did you mean '\($0)'?" }
                    ?? (names.isEmpty
                        ? "name parts under `components` in belay.yaml first"
                        : "its parts are: \(names.joined(separator: ", "))")
            )
        }
        // A component that is the whole directory needs no selection.
        if paths.contains(".") { paths = [] }
        isPartial =
            !hasFiles || !paths.isEmpty
            || databases.count < project.configuration.databases.count
            || captures.count < project.configuration.captures.count
    }

    private static func part(_ component: ComponentSettings) -> Manifest.Part {
        Manifest.Part(name: component.name, kind: "component", paths: component.paths)
    }

    private static func part(_ database: DatabaseSettings, _ project: Project) -> Manifest.Part {
        let source = database.source(in: project.directory)
        return Manifest.Part(name: database.name, kind: "database", paths: source.map { [$0] } ?? [])
    }

    private static func part(_ capture: CaptureSettings) -> Manifest.Part {
        Manifest.Part(name: capture.name, kind: "capture", paths: [])
    }
}
