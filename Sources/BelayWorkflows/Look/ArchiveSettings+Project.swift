import BelayArchive
import BelayCore
import BelayProject

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
    }
}
