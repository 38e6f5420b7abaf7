import BelayCore
import BelayProject
import Testing

private func parse(
    _ text: String,
    environment: [String: String] = [:]
) throws(ConfigurationError) -> ProjectConfiguration {
    try ProjectConfiguration(parsing: text, environment: environment)
}

@Suite struct `A belay.yaml` {
    @Test(arguments: ["", "\n", "# only a comment", "---\n", "{}", "~", "null", "\u{FEFF}"])
    func `that says nothing is the configuration of an empty file`(text: String) throws {
        #expect(try parse(text) == ProjectConfiguration())
    }

    @Test func `may begin with a byte order mark`() throws {
        let configuration = try parse("\u{FEFF}project: orgchart\ngitignore: ignore\n")
        #expect(configuration.project == "orgchart")
        #expect(configuration.gitignore == .ignore)
        let error = #expect(throws: ConfigurationError.self) { try parse("\u{FEFF}projct: x\nexclude: []\n") }
        #expect(error?.problems.first?.position == SourcePosition(line: 1, column: 1))
    }

    @Test func `with every section loads`() throws {
        let configuration = try parse(fullConfiguration)
        #expect(configuration.project == "orgchart")
        #expect(configuration.repository == .standard)
        #expect(configuration.replicas.map(\.description) == ["s3:https://s3.example.com/acme/belay"])
        #expect(
            configuration.components == [
                ComponentSettings(name: "backend", paths: ["backend"]),
                ComponentSettings(name: "frontend", paths: ["frontend"], keep: ["node_modules"]),
            ]
        )
        #expect(configuration.exclude == ["*.tmp"])
        #expect(configuration.gitignore == .respect)
        #expect(configuration.include == [".env"])
        #expect(
            configuration.databases == [
                DatabaseSettings(name: "agent", engine: .sqlite(path: "backend/data/agent.db")),
                DatabaseSettings(
                    name: "main",
                    engine: .postgres(connection: Secret("postgresql:///almsdata"))
                ),
                DatabaseSettings(
                    name: "json",
                    engine: .json(path: "data/json_db", required: ["tasks.json", "project_configs.json"])
                ),
                DatabaseSettings(
                    name: "mongo",
                    engine: .command(dump: "mongodump --archive", restore: "mongorestore --archive --drop")
                ),
            ]
        )
        #expect(
            configuration.captures == [
                CaptureSettings(name: "python", run: "pip freeze", restore: "pip install -r {file}")
            ]
        )
        #expect(
            configuration.services == [
                ServiceSettings(
                    name: "api",
                    stop: "make stop",
                    start: "make start",
                    ready: Secret("http://127.0.0.1:8081/health")
                )
            ]
        )
        #expect(
            configuration.checks == [
                CheckSettings(
                    name: "smoke",
                    run: "python test_task_mapping_simple.py",
                    timeout: TimeSpan("2m")
                )
            ]
        )
        let retention = try #require(configuration.retention)
        #expect(retention.keepLast == 10)
        #expect(retention.keepHourly == 24)
        #expect(retention.keepDaily == 7)
        #expect(retention.keepWeekly == 4)
        #expect(retention.keepMonthly == nil)
        #expect(retention.keepWithin == CalendarSpan(days: 30))
        #expect(retention.maximumPerDay == 48)
        #expect(
            configuration.schedule.entries.map { "\($0.task): \($0.rule)" } == [
                "backup: every 15m", "cleanup: daily at 03:00", "verify: weekly", "drill: monthly",
                "replicate: every 1h",
            ]
        )
        #expect(
            configuration.notifications == [
                NotificationSettings(channel: .webhook(Secret("https://…")), events: ["failure"]),
                NotificationSettings(
                    channel: .smtp(Secret("smtp://…"), to: "ops@example.com"),
                    events: ["failure", "drill"]
                ),
                NotificationSettings(channel: .command("notify-send belay"), events: ["all"]),
            ]
        )
    }

    @Test func `tells which of its sections have no effect yet`() throws {
        let sections = try parse(fullConfiguration).unsupportedSections
        #expect(sections == ["services", "checks", "schedule", "replicas", "notify"])
        #expect(try parse("exclude: [a]").unsupportedSections.isEmpty)
    }

    @Test(arguments: [
        "no", "yes", "on", "0x10", "1_000", "2026-01-22", "12:30:45", "1e3", ".inf", "0o17", "=", "<<",
    ])
    func `takes every scalar for the text it is`(text: String) throws {
        #expect(try parse("exclude: [\(text)]").exclude == [text])
        #expect(try parse("project: \(text)").project == text)
    }

    @Test func `has keys that YAML 1.1 would take for booleans`() throws {
        let configuration = try parse("notify:\n- {command: x, on: [all]}\n- {command: y, \"on\": [all]}\n")
        #expect(configuration.notifications.count == 2)
        #expect(try parse("components: { no: { paths: [a] } }").components.map(\.name) == ["no"])
    }

    @Test(arguments: [":", ": ~", ": null", ":   # nothing"])
    func `may leave a section empty`(rest: String) throws {
        for key in [
            "components", "databases", "exclude", "retention", "schedule", "project", "gitignore", "notify",
        ] {
            let text = key + rest
            #expect(try parse(text) == ProjectConfiguration(), "\(text)")
        }
    }

    @Test func `may reuse a piece of itself a few times`() throws {
        let configuration = try parse(
            "components:\n  a: { paths: [a], keep: &keep [node_modules] }\n  b: { paths: [b], keep: *keep }\n"
        )
        #expect(configuration.components.map(\.keep) == [["node_modules"], ["node_modules"]])
    }

    @Test func `names its project after the directory if it has no name itself`() throws {
        #expect(ProjectConfiguration().name(inDirectory: "/home/ada/orgchart/") == "orgchart")
        #expect(ProjectConfiguration().name(inDirectory: "/home/ada/a,b") == "a-b")
        #expect(ProjectConfiguration().name(inDirectory: "/") == "project")
        #expect(try parse("project: x").name(inDirectory: "/home/ada/orgchart") == "x")
    }

    @Test(arguments: [("backend/", "backend"), ("./a//b", "a/b"), (".", "."), ("a/./b", "a/b")])
    func `brings the paths of a component in order`(written: String, path: String) throws {
        #expect(try parse("components: { a: { paths: [\"\(written)\"] } }").components[0].paths == [path])
    }

    @Test(arguments: [
        ("12h", CalendarSpan(hours: 12)), ("30d", CalendarSpan(days: 30)), ("8w", CalendarSpan(days: 56)),
        ("1y", CalendarSpan(years: 1)), ("1d12h", CalendarSpan(days: 1, hours: 12)),
    ])
    func `keeps within a time by the calendar`(text: String, span: CalendarSpan) throws {
        #expect(try parse("retention: { keep_within: \(text) }").retention?.keepWithin == span)
    }
}

@Suite struct `Variables in a belay.yaml` {
    @Test(arguments: [
        ("${A}", "one"), ("x${A}y", "xoney"), ("${A}${B}", "onetwo"), ("$A", "$A"), ("$", "$"), ("a$", "a$"),
        ("$${A}", "${A}"), ("$$${A}", "$${A}"), ("${NESTED}", "${A}"), ("100%$$", "100%$$"),
        ("${_x1}", "under"),
    ])
    func `are replaced by what the environment holds`(written: String, value: String) throws {
        let environment = ["A": "one", "B": "two", "NESTED": "${A}", "_x1": "under"]
        #expect(try parse("exclude: [\"\(written)\"]", environment: environment).exclude == [value])
    }

    @Test func `are named when they are missing, all of them`() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try parse("exclude: [\"${GONE}/${LOST}\"]\nproject: ${GONE}", environment: ["OTHER": "secret"])
        }
        #expect(
            error?.description == """
                belay.yaml:1:11: exclude[0]: the environment variable `GONE` is not set
                belay.yaml:1:11: exclude[0]: the environment variable `LOST` is not set
                belay.yaml:2:10: project: the environment variable `GONE` is not set
                """
        )
    }

    @Test(arguments: ["${", "${}", "${1A}", "${A", "${A-b}", "${A B}", "x${ A }"])
    func `must be spelled right`(written: String) throws {
        let error = #expect(throws: ConfigurationError.self) {
            try parse("exclude: [\"\(written)\"]", environment: ["A": "a"])
        }
        #expect(error?.problems.count == 1)
        #expect(error?.description.contains("write `$${`") == true)
    }

    @Test func `never show their values in an error`() throws {
        let environment = ["S": "hunter2"]
        let texts = [
            "gitignore: ${S}", "retention: { keep_last: \"${S}\" }", "retention: { keep_within: \"${S}\" }",
            "components: { a: { paths: [\"../${S}\"] } }", "project: \"${S},\"",
            "repository: \"hunter2:${S}\"",
            "checks: { a: { run: x, timeout: \"${S}\" } }", "databases: { a: { postgres: [\"${S}\"] } }",
        ]
        for text in texts {
            let error = #expect(throws: ConfigurationError.self) { try parse(text, environment: environment) }
            let shown = error?.belayError.description.replacing("hunter2:`", with: "")
            #expect(shown?.contains("hunter2") == false, "\(text): \(shown ?? "")")
        }
    }

    @Test(arguments: [
        ("mariadb", DatabaseSettings.Engine.mariadb(connection: Secret("mysql://u:hunter2@h/d"))),
        ("mysql", .mariadb(connection: Secret("mysql://u:hunter2@h/d"))),
        ("redis", .redis(connection: Secret("mysql://u:hunter2@h/d"))),
    ])
    func `may be the password in a database's address`(key: String, engine: DatabaseSettings.Engine) throws {
        let configuration = try parse(
            "databases: { a: { \(key): \"mysql://u:${S}@h/d\" } }",
            environment: ["S": "hunter2"]
        )
        #expect(configuration.databases == [DatabaseSettings(name: "a", engine: engine)])
    }

    @Test func `are left to the shell in commands`() throws {
        let configuration = try parse("captures: { a: { run: \"x ${GONE:-y} $(z)\" } }")
        #expect(configuration.captures[0].run == "x ${GONE:-y} $(z)")
    }
}
