/// Captures that `belay init` suggests: what is installed now, and how it is installed again.
///
/// Files tell what a project wants; a virtual environment or a folder of modules is what it has.
enum CapturePreset {
    /// The captures for the package managers that were found; `isProgram` tells of paths in the project's directory.
    static func captures(
        _ packageFiles: [DiscoveredProject.PackageFile],
        generated: [String],
        environment: [String: String],
        isProgram: (String) -> Bool
    ) -> [CaptureSettings] {
        var captures: [CaptureSettings] = []
        func add(_ name: String, _ folder: String, _ run: String, _ restore: String) {
            let base = folder == "." ? name : "\(name)-\(folder.split(separator: "/").joined(separator: "-"))"
            guard ConfigurationReader.isName(base), !captures.contains(where: { $0.name == base }) else {
                return
            }
            captures.append(CaptureSettings(name: base, run: run, restore: restore))
        }
        for file in packageFiles {
            let folder = String(PathText.split(file.path).parent)
            let change = folder == "." ? "" : "cd \(quoted(folder)) && "
            switch file.manager {
            case .python:
                let places = [".venv", "venv"].map { PathText.join(folder, $0) }
                if let place = places.first(where: { isProgram("\($0)/bin/pip") }) {
                    let pip = quoted("\(place)/bin/pip")
                    add("python", folder, "\(pip) freeze", "\(pip) install -r {file}")
                }
            case .node:
                guard generated.contains(PathText.join(folder, "node_modules")) else { continue }
                // npm prints the tree, and fails, where a package lacks one that it wants.
                add("node", folder, "\(change){ npm ls --all --json || true; }", "\(change)npm ci")
            default: continue
            }
        }
        if let name = environment["CONDA_DEFAULT_ENV"], name != "base", !name.isEmpty {
            let text = quoted(name)
            add(
                "conda",
                ".",
                "conda env export --name \(text)",
                "conda env update --name \(text) --file {file} --prune"
            )
        }
        return captures
    }

    /// A word for the shell.
    private static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "._/-".utf8.contains(byte)
        }
        return isPlain
            ? word
            : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
                + "'"
    }
}
