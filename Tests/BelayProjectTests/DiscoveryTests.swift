import BelayCore
import BelayProject
import Foundation
import Testing

private let sqliteHeader = Array("SQLite format 3\0".utf8) + [UInt8](repeating: 0, count: 496)

private func listing(
    _ files: [String],
    directories: [String] = [],
    databases: [String] = []
) -> ProjectListing {
    ProjectListing(
        entries: directories.map { .init(path: $0, isDirectory: true) } + files.map { .init(path: $0) }
            + databases.map { .init(path: $0, isSQLite: true) }
    )
}

private func plan(_ listing: ProjectListing) -> DiscoveredProject {
    ProjectDiscovery.plan(listing, directory: "/home/ada/orgchart", isInGit: true)
}

private let orgchart = plan(
    listing(
        [
            "backend/requirements.txt", "frontend/package.json", "frontend/yarn.lock", ".env", ".env.example",
            "README.md",
        ],
        directories: ["backend", "docs", "frontend", "frontend/node_modules"],
        databases: ["backend/data/agent.db", "backend/data/agent.sqlite", "backend/backend.db"]
    )
)

@Suite struct `A look at a project` {
    @Test func `finds components, package managers, databases and environment files`() {
        #expect(orgchart.name == "orgchart")
        #expect(
            orgchart.components == [
                ComponentSettings(name: "backend", paths: ["backend"]),
                ComponentSettings(name: "frontend", paths: ["frontend"], keep: ["node_modules"]),
            ]
        )
        #expect(orgchart.packageFiles.map(\.path) == ["backend/requirements.txt", "frontend/package.json"])
        #expect(orgchart.packageFiles.map(\.manager) == [.python, .node])
        #expect(orgchart.environmentFiles == [".env"])
        #expect(
            orgchart.databases.map { "\($0.name)=\($0.path)" } == [
                "agent=backend/data/agent.db", "agent-2=backend/data/agent.sqlite",
                "backend-2=backend/backend.db",
            ]
        )
    }

    @Test func `names files and directories in patterns that match them alone`() throws {
        let found = plan(
            listing(
                ["api/package.json", "web/w[x/package.json", "web/w[x/.env", "!.env/.env"],
                directories: ["api", "api/node_modules", "web", "web/w[x", "web/w[x/node_modules", "!.env"]
            )
        )
        #expect(Set(found.environmentFiles) == ["web/w\\[x/.env", "\\!.env/.env"])
        #expect(found.components.last?.keep == ["w\\[x/node_modules"])
        let text = ConfigurationWriter().text(for: found)
        #expect(throws: Never.self) { try ProjectConfiguration(parsing: text, environment: [:]) }
    }

    @Test func `divides nothing that is not divided`() {
        #expect(plan(listing(["Package.swift"], directories: ["Sources", "Tests"])).components.isEmpty)
        #expect(plan(listing(["web/package.json"], directories: ["web", "notes"])).components.isEmpty)
        #expect(
            plan(listing([], directories: ["api", "web", "x y"])).components.map(\.name) == ["api", "web"]
        )
    }

    @Test(arguments: PackageManager.allCases)
    func `knows every package manager by each of its files`(manager: PackageManager) {
        for file in manager.files {
            #expect(plan(listing([file])).packageFiles == [.init(manager: manager, path: file)])
        }
    }

    @Test func `reads a real directory`() throws {
        let temporary = try TemporaryDirectory()
        try temporary.write("data/app.db", sqliteHeader)
        try temporary.write("data/fake.db", "SQLite format 3\0")
        try temporary.write("data/other.db", [UInt8](repeating: 1, count: 512))
        try temporary.write("node_modules/x/app.db", sqliteHeader)
        try temporary.write("package.json", "{}")
        try run(["/bin/ln", "-s", "data", "\(temporary.path)/link"])
        try run(["/usr/bin/mkfifo", "\(temporary.path)/pipe.db"])
        let project = ProjectDiscovery.discover(
            directory: temporary.path,
            environment: ["PATH": "/usr/bin:/bin"]
        )
        #expect(project.databases.map(\.path) == ["data/app.db"])
        #expect(project.generatedDirectories == ["node_modules"])
        #expect(!project.isInGit)
        #expect(project.isComplete)
    }

    @Test func `stays within its limits and says so`() throws {
        let temporary = try TemporaryDirectory()
        for number in 0..<20 { try temporary.write("d\(number)/e/f/x.db", sqliteHeader) }
        var limits = ProjectListing.Limits()
        #expect(ProjectListing.look(at: temporary.path, limits: limits).entries.count == 80)
        limits.depth = 2
        let shallow = ProjectListing.look(at: temporary.path, limits: limits)
        #expect(shallow.entries.count == 40)
        #expect(!shallow.isComplete)
        limits.depth = 6
        limits.entries = 50
        let short = ProjectListing.look(at: temporary.path, limits: limits)
        #expect(short.entries.count == 50)
        #expect(!short.isComplete)
        limits.entries = 1_000
        limits.probes = 5
        let few = ProjectListing.look(at: temporary.path, limits: limits)
        #expect(few.entries.filter(\.isSQLite).count == 5)
        #expect(!few.isComplete)
    }

    @Test func `of what cannot be read is empty and incomplete`() {
        let listing = ProjectListing.look(at: "/nonexistent/project")
        #expect(listing.entries.isEmpty)
        #expect(!listing.isComplete)
    }
}

@Suite struct `The first belay.yaml` {
    @Test func `is short, commented and true`() {
        #expect(
            ConfigurationWriter().text(for: orgchart) == """
                # What belay stores of this project. Everything here is optional; unknown keys are errors.
                # `belay backup --dry-run --verbose` names what would be stored. ${NAME} takes a variable from the
                # environment, so that no password needs to stand here.

                project: orgchart

                # Where snapshots go. `default` is one repository for all your projects; a path works too.
                repository: default

                # Parts that can be named alone (`--only NAME`). A rollback leaves alone what `keep` names.
                components:
                  backend: { paths: [backend] }
                  frontend: { paths: [frontend], keep: [node_modules] }

                # `respect` leaves out what .gitignore names; `ignore` stores it.
                gitignore: respect
                include: [.env]   # wanted although .gitignore names it
                # exclude: ["*.tmp"]   # never stored

                # SQLite databases that were found. They are stored as consistent copies, also while they are in use.
                databases:
                  agent: { sqlite: backend/data/agent.db }
                  agent-2: { sqlite: backend/data/agent.sqlite }
                  backend-2: { sqlite: backend/backend.db }

                # What `belay cleanup` keeps. Checkpoints stay in any case.
                retention: { keep_last: 10, keep_hourly: 24, keep_daily: 7, keep_weekly: 4, keep_within: 30d }

                """
        )
    }

    @Test func `is read back as what was found`() throws {
        let writer = ConfigurationWriter()
        let configuration = try ProjectConfiguration(parsing: writer.text(for: orgchart), environment: [:])
        #expect(configuration.project == orgchart.name)
        #expect(configuration.repository == .standard)
        #expect(configuration.components == orgchart.components)
        #expect(configuration.include == orgchart.environmentFiles)
        #expect(configuration.databases.map(\.name) == orgchart.databases.map(\.name))
        #expect(configuration.retention?.isEmpty == false)
    }

    @Test func `becomes what it suggests when its comments are taken away`() throws {
        let text = ConfigurationWriter().text(for: orgchart)
        let uncommented = text.split(separator: "\n").map { line in
            line.hasPrefix("# exclude:") ? line.dropFirst(2) : line
        }.joined(separator: "\n")
        let configuration = try ProjectConfiguration(parsing: uncommented, environment: [:])
        #expect(configuration.components == orgchart.components)
        #expect(configuration.databases.count == 3)
        #expect(configuration.exclude == ["*.tmp"])
    }

    @Test(arguments: [
        "a b", "no", "12", "1.5", "a: b", "#x", "a #b", "\"", "\\", "'", "${HOME}", "$${X}", "$", "*", "&a",
        "!t", "- x",
        "{}", "[", "x,y", "é", "日本", "\u{1}", "\u{85}", "\u{2028}", "\u{FEFF}x", "~", "null", ".inf", "%",
        "@", "`", "?", "a\tb",
        "\u{1F600}", "true", "-", "", " x ", "e\u{301}",
    ])
    func `holds any name`(name: String) throws {
        var project = DiscoveredProject(name: "p")
        // These two are no patterns.
        let pattern = ["[", "\\"].contains(name) ? "\\\(name)" : name
        project.components = [
            ComponentSettings(
                name: "a",
                paths: ["x/\(name)x"],
                keep: ["k\(pattern)"],
                exclude: ["e\(pattern)."]
            )
        ]
        project.databases = [.init(name: "d", path: "/\(name)")]
        project.environmentFiles = ["f\(pattern)"]
        var writer = ConfigurationWriter()
        writer.repository = "./\(name)"
        let text = writer.text(for: project)
        let hasControl = name == "\u{1}" || name == "a\tb" || name == "\u{85}"
        if hasControl { writer.repository = "default" }
        let configuration = try ProjectConfiguration(
            parsing: hasControl ? writer.text(for: project) : text,
            environment: [:]
        )
        #expect(configuration.components == project.components)
        #expect(configuration.databases == [DatabaseSettings(name: "d", engine: .sqlite(path: "/\(name)"))])
        #expect(configuration.include == project.environmentFiles)
    }

    @Test func `is valid for any project`() throws {
        for directory in ["/", "/a,b", "/no", "/x y", "/\u{1}", "/" + String(repeating: "x", count: 300)] {
            let project = ProjectDiscovery.plan(listing([]), directory: directory, isInGit: false)
            #expect(throws: Never.self) {
                try ProjectConfiguration(parsing: ConfigurationWriter().text(for: project), environment: [:])
            }
        }
    }
}

@Suite struct `Captures that are suggested` {
    @Test func `are those of what is installed`() throws {
        let sandbox = try TemporaryDirectory()
        for path in ["api/.venv/bin", "web/node_modules", "lib"] {
            try FileManager.default.createDirectory(
                atPath: "\(sandbox.path)/\(path)",
                withIntermediateDirectories: true
            )
        }
        for path in ["api/pyproject.toml", "api/.venv/bin/pip", "web/package.json", "lib/requirements.txt"] {
            try Data("x".utf8).write(to: URL(fileURLWithPath: "\(sandbox.path)/\(path)"))
        }
        let found = ProjectDiscovery.discover(
            directory: sandbox.path,
            environment: ["CONDA_DEFAULT_ENV": "my env", "PATH": "/usr/bin:/bin"]
        )
        #expect(found.captures.map(\.name) == ["python-api", "node-web", "conda"])
        #expect(found.captures[0].run == "api/.venv/bin/pip freeze")
        #expect(found.captures[0].restore == "api/.venv/bin/pip install -r {file}")
        #expect(found.captures[2].run == "conda env export --name 'my env'")
        let text = ConfigurationWriter().text(for: found)
        #expect(try ProjectConfiguration(parsing: text, environment: [:]).captures == found.captures)
    }
}
