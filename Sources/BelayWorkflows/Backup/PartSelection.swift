import BelayCore
import BelayProject
import BelayRules

/// What `--only` chooses.
///
/// A full snapshot holds the whole directory; components only give names to parts of it.
struct PartSelection {
    /// Paths below the project's directory; empty for everything.
    var paths: [String] = []
    var parts: [Manifest.Part] = []

    init(_ only: [String], in project: Project) throws {
        let components = project.configuration.components
        if only.isEmpty {
            parts = components.map { Self.part($0) }
            return
        }
        for name in only {
            if let component = components.first(where: { $0.name == name }) {
                parts.append(Self.part(component))
                paths.append(contentsOf: component.paths)
                continue
            }
            if project.configuration.databases.contains(where: { $0.name == name })
                || project.configuration.captures.contains(where: { $0.name == name })
            {
                throw BelayError(
                    .usage,
                    "this version of belay stores files only, not '\(name)'",
                    hint: "leave it out, and keep a dump of it yourself until then"
                )
            }
            let nearest = NearestName.suggestion(for: name, among: components.map(\.name))
            throw BelayError(
                .usage,
                "the project has no part '\(name)'",
                hint: nearest.map { "did you mean '\($0)'?" }
                    ?? (components.isEmpty
                        ? "name parts under `components` in belay.yaml first"
                        : "its parts are: \(components.map(\.name).joined(separator: ", "))")
            )
        }
        // A component that is the whole directory needs no selection.
        if paths.contains(".") { paths = [] }
    }

    private static func part(_ component: ComponentSettings) -> Manifest.Part {
        Manifest.Part(name: component.name, kind: "component", paths: component.paths)
    }
}
