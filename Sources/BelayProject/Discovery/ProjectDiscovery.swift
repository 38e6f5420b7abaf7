import BelayRules

/// Looks at a project for `belay init`.
package enum ProjectDiscovery {
    /// Looks at a directory and says what is there; it opens few files and changes nothing.
    package static func discover(
        directory: String,
        environment: [String: String],
        limits: ProjectListing.Limits = ProjectListing.Limits()
    ) -> DiscoveredProject {
        let listing = ProjectListing.look(at: directory, limits: limits)
        let isInGit = GitInspector.state(of: directory, environment: environment) != nil
        var project = plan(listing, directory: directory, isInGit: isInGit)
        project.captures = CapturePreset.captures(
            project.packageFiles,
            generated: project.generatedDirectories,
            environment: environment
        ) { ProjectFiles.exists(PathText.join(directory, $0)) }
        return project
    }

    /// What a listing means.
    package static func plan(_ listing: ProjectListing, directory: String, isInGit: Bool) -> DiscoveredProject
    {
        var project = DiscoveredProject(name: ProjectConfiguration().name(inDirectory: directory))
        project.isComplete = listing.isComplete
        project.isInGit = isInGit || listing.entries.contains { $0.path == ".git" }
        project.packageFiles = packageFiles(listing)
        project.environmentFiles = listing.entries.filter { !$0.isDirectory && isEnvironmentFile($0.path) }
            .map { IgnorePattern.literal($0.path) }
        let generated = generatedDirectories(listing, project.packageFiles)
        project.generatedDirectories = generated
        project.components = components(listing, project.packageFiles, generated)
        project.databases = databases(listing, taken: Set(project.components.map(\.name)))
        return project
    }

    private static func packageFiles(_ listing: ProjectListing) -> [DiscoveredProject.PackageFile] {
        var files: [String: Set<String>] = [:]
        for entry in listing.entries where !entry.isDirectory {
            let (parent, name) = PathText.split(entry.path)
            files[parent, default: []].insert(String(name))
        }
        return files.sorted { ($0.key == "." ? "" : $0.key) < ($1.key == "." ? "" : $1.key) }.flatMap {
            parent,
            names in
            PackageManager.allCases.compactMap { manager in
                manager.files.first(where: names.contains).map { name in
                    let path = parent == "." ? name : "\(parent)/\(name)"
                    return DiscoveredProject.PackageFile(manager: manager, path: path)
                }
            }
        }
    }

    /// Directories that carry a generated one's name, beside a file of the manager that fills it.
    private static func generatedDirectories(
        _ listing: ProjectListing,
        _ packageFiles: [DiscoveredProject.PackageFile]
    ) -> [String] {
        let expected = packageFiles.flatMap { file in
            file.manager.generated.map { PathText.join(PathText.split(file.path).parent, $0) }
        }
        let names = Set(expected)
        return listing.entries.filter { $0.isDirectory && names.contains($0.path) }.map(\.path)
    }

    /// Top directories with a package of their own; else those with a name that says what they are.
    ///
    /// One alone divides nothing, so then there are none.
    private static func components(
        _ listing: ProjectListing,
        _ packageFiles: [DiscoveredProject.PackageFile],
        _ generated: [String]
    ) -> [ComponentSettings] {
        let usual: Set<String> = [
            "api", "app", "backend", "client", "frontend", "mobile", "server", "services", "site", "ui",
            "web",
            "worker",
        ]
        let tops = listing.entries.filter { $0.isDirectory && !$0.path.contains("/") }.map(\.path)
            .filter { ConfigurationReader.isName($0) && !generated.contains($0) }
        let withPackage = tops.filter { top in packageFiles.contains { $0.path.hasPrefix("\(top)/") } }
        let chosen = tops.filter { withPackage.contains($0) || usual.contains($0.lowercased()) }
        guard chosen.count > 1 else { return [] }
        return chosen.map { top in
            let keep = generated.filter { $0.hasPrefix("\(top)/") }.map {
                IgnorePattern.literal(String($0.dropFirst(top.count + 1)))
            }
            return ComponentSettings(name: top, paths: [top], keep: keep)
        }
    }

    /// Names after the files, each once.
    private static func databases(
        _ listing: ProjectListing,
        taken: Set<String>
    ) -> [DiscoveredProject.Database] {
        var taken = taken
        return listing.entries.filter(\.isSQLite).map { entry in
            let file = PathText.split(entry.path).name
            let stem = file.split(separator: ".").first.map(String.init) ?? "database"
            let base = ConfigurationReader.isName(stem) ? stem : "database"
            var name = base
            var number = 2
            while !taken.insert(name).inserted {
                name = "\(base)-\(number)"
                number += 1
            }
            return DiscoveredProject.Database(name: name, path: entry.path)
        }
    }

    private static func isEnvironmentFile(_ path: String) -> Bool {
        let name = PathText.split(path).name
        let templates = ["example", "sample", "template", "dist", "defaults"]
        return name == ".env" || name.hasPrefix(".env.") && !templates.contains { name.hasSuffix(".\($0)") }
    }
}
