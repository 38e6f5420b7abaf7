/// A kind of package manager, told by the files it leaves in a project.
package enum PackageManager: String, Hashable, Sendable, CaseIterable {
    case python, node, cargo, swift, go, ruby, php, maven, gradle, elixir, dart

    /// The name for people.
    package var title: String {
        switch self {
        case .python: "Python"
        case .node: "Node.js"
        case .cargo: "Rust"
        case .swift: "Swift"
        case .go: "Go"
        case .ruby: "Ruby"
        case .php: "PHP"
        case .maven: "Maven"
        case .gradle: "Gradle"
        case .elixir: "Elixir"
        case .dart: "Dart"
        }
    }

    /// Files by which it is recognised: what a person writes, then what the manager locks.
    package var files: [String] {
        switch self {
        case .python:
            [
                "pyproject.toml", "requirements.txt", "setup.py", "Pipfile", "uv.lock", "poetry.lock",
                "Pipfile.lock",
            ]
        case .node:
            ["package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"]
        case .cargo: ["Cargo.toml", "Cargo.lock"]
        case .swift: ["Package.swift", "Package.resolved"]
        case .go: ["go.mod", "go.sum"]
        case .ruby: ["Gemfile", "Gemfile.lock"]
        case .php: ["composer.json", "composer.lock"]
        case .maven: ["pom.xml"]
        case .gradle: ["build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"]
        case .elixir: ["mix.exs", "mix.lock"]
        case .dart: ["pubspec.yaml", "pubspec.lock"]
        }
    }

    /// Directories that it fills and can fill again.
    package var generated: [String] {
        switch self {
        case .python: [".venv", "venv"]
        case .node: ["node_modules"]
        case .cargo, .maven: ["target"]
        case .swift: [".build"]
        case .go, .ruby: []
        case .php: ["vendor"]
        case .gradle: ["build", ".gradle"]
        case .elixir: ["deps", "_build"]
        case .dart: [".dart_tool", "build"]
        }
    }
}
