import BelayCore
import BelayParts
import BelayProject
import BelayRepository
import BelaySystem

/// States of databases that rollbacks have replaced: they go once a backup has stored what took their place.
struct KeptStates {
    let workspace: Workspace

    /// Removes those of stored databases that have been kept for as long as the configuration says.
    ///
    /// What cannot be removed is noted; it is no reason for a backup to fail.
    func dropExpired(_ stored: [Manifest.Database]) async {
        let now = workspace.clock.now().seconds
        for settings in workspace.project.configuration.databases
        where stored.contains(where: { $0.name == settings.name }) {
            do {
                let engine = try workspace.engines.engine(for: settings, in: workspace)
                guard let engine = engine as? any RestorableEngine else { continue }
                for kept in try await engine.kept() {
                    guard kept.replaced &+ settings.keepReplaced.seconds <= now else { continue }
                    try await engine.drop(kept)
                    workspace.repository.note(
                        "the state of '\(settings.name)' that a rollback replaced is removed: \(kept.place)"
                    )
                }
            } catch {
                workspace.repository.note(
                    "what a rollback replaced of the database '\(settings.name)' could not be looked after: \(error)"
                )
            }
        }
    }
}
