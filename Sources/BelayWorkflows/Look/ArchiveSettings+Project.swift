import BelayArchive
import BelayCore
import BelayProject
import BelayRepository
import BelayStore
import BelaySystem

extension ArchiveSettings {
    /// What of a project is stored, as its configuration says.
    init(of workspace: Workspace, started: Timestamp) {
        let configuration = workspace.project.configuration
        self.init(root: workspace.project.directory, started: started)
        respectsGitIgnore = configuration.gitignore == .respect
        excludes = configuration.allExcludes.map { Array($0.utf8) }
        includes = configuration.include.map { Array($0.utf8) }
        home = workspace.directories.home
        configHome =
            workspace.environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 }
            ?? "\(workspace.directories.home)/.config"
        for path in Self.ownPlaces(workspace) { overlays.leaveOut(path) }
    }

    /// What of belay's own lies in the project, each path from there: a snapshot that held the repository would hold all
    /// earlier ones, and grow by all that is stored.
    private static func ownPlaces(_ workspace: Workspace) -> [String] {
        let project = Paths.resolved(workspace.project.directory)
        return [workspace.repository.store.properties.location, workspace.directories.cache].compactMap {
            $0.hasPrefix("/") ? Paths.relative(Paths.resolved($0), to: project) : nil
        }
    }
}
