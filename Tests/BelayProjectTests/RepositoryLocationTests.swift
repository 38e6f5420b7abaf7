import BelayCore
import BelayProject
import Testing

private let directories = UserDirectories(environment: [:], home: "/home/ada")

private func choose(
    flag: String? = nil,
    environment: [String: String] = [:],
    configured: String? = nil
) throws -> RepositoryChoice {
    try RepositoryChoice.choose(
        flag: flag,
        environment: environment,
        configured: try configured.map { try RepositoryLocation($0) },
        projectDirectory: "/project",
        workingDirectory: "/work",
        directories: directories
    )
}

@Suite struct `The text of a repository` {
    @Test(arguments: [
        ("default", "default"), ("./default", "./default"), ("/srv/backup", "/srv/backup"), ("~/b", "~/b"),
        ("backups", "backups"), ("local:/srv/b", "/srv/b"), ("./s3:x", "./s3:x"), ("C:stuff", "C:stuff"),
        ("s3:https://h/b/p", "s3:https://h/b/p"), ("s3:h/b", "s3:h/b"),
        ("rest:https://ada:hunter2@h:8000/p/", "rest:https://h:8000/p/"),
        ("rest:https://ada:hun/ter2@h/p", "rest:https://h/p"),
        ("rest:https://h/p?token=hunter2", "rest:https://h/p"),
        ("rclone:remote:path", "rclone:remote:path"), ("rclone::webdav,pass=hunter2:p", "rclone::webdav…"),
        ("sftp:ada@h:/p", "sftp:ada@h:/p"), ("sftp://ada:hunter2@h//p", "sftp://h//p"),
        ("rest:http://h:8000/a@b", "rest:http://h:8000/a@b"),
    ])
    func `is understood and shown without credentials`(text: String, shown: String) throws {
        let location = try RepositoryLocation(text)
        #expect("\(location)" == shown)
        var dumped = ""
        dump(location, to: &dumped)
        #expect(!dumped.contains("hunter2"))
    }

    @Test func `keeps the whole address for whoever connects`() throws {
        guard case .remote(let remote) = try RepositoryLocation("rest:https://ada:hunter2@h/p") else {
            Issue.record("not remote")
            return
        }
        #expect(remote.scheme == .rest)
        #expect(remote.address.revealText() == "https://ada:hunter2@h/p")
    }

    @Test(arguments: [
        ("", RepositoryLocationError.empty), ("  ", .empty), ("local:", .empty),
        ("s3:", .missingAddress(.s3)),
        ("ftp://h/p", .unknownScheme("ftp", suggestion: "sftp")), ("a\nb", .unusableCharacter),
        ("whatever:x", .unknownScheme("whatever", suggestion: nil)),
    ])
    func `is refused with a reason`(text: String, error: RepositoryLocationError) {
        #expect(throws: error) { try RepositoryLocation(text) }
    }
}

@Suite struct `The repository of a command` {
    @Test func `is named by the flag, then the environment, then the configuration, then nobody`() throws {
        var environment = [
            "BELAY_REPOSITORY": "/belay", "RESTIC_REPOSITORY": "/restic", "RESTIC_REPOSITORY_FILE": "",
        ]
        #expect(
            try choose(flag: "/flag", environment: environment, configured: "/file").description == "/flag"
        )
        let first = try choose(environment: environment, configured: "/file")
        #expect(first.description == "/belay")
        #expect(first.origin == .environment("BELAY_REPOSITORY"))
        environment["BELAY_REPOSITORY"] = ""
        #expect(try choose(environment: environment, configured: "/file").description == "/restic")
        #expect(try choose(configured: "/file").origin == .configuration)
        let last = try choose()
        #expect(last.place == .local("/home/ada/.local/share/belay/repository"))
        #expect(last.isStandard)
        #expect(last.origin == .standard)
    }

    @Test func `counts relative paths from where they were written`() throws {
        #expect(try choose(flag: "b").place == .local("/work/b"))
        #expect(try choose(environment: ["RESTIC_REPOSITORY": "./b/"]).place == .local("/work/b"))
        #expect(try choose(configured: "b").place == .local("/project/b"))
        #expect(try choose(configured: "../b").place == .local("/project/../b"))
        #expect(try choose(configured: "~/b").place == .local("/home/ada/b"))
        #expect(try choose(flag: "~").place == .local("/home/ada"))
    }

    @Test func `is the standard one by whatever name`() throws {
        #expect(try choose(flag: "default").isStandard)
        #expect(try choose(flag: "~/.local/share/belay/repository/").isStandard)
    }

    @Test func `may stand in a file, as restic has it`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("repo", "\u{FEFF} /srv/b \n")
        let choice = try choose(environment: ["RESTIC_REPOSITORY_FILE": file])
        #expect(choice.place == .local("/srv/b"))
        #expect(choice.origin == .environment("RESTIC_REPOSITORY_FILE"))
    }

    @Test func `is an error when the environment contradicts itself or names nothing`() throws {
        func message(_ body: () throws -> RepositoryChoice) -> String {
            do { return try body().description } catch { return "\(error)" }
        }
        #expect(
            message { try choose(environment: ["RESTIC_REPOSITORY": "/a", "RESTIC_REPOSITORY_FILE": "/b"]) }
                == "cannot tell which repository is meant: RESTIC_REPOSITORY and RESTIC_REPOSITORY_FILE are both set"
        )
        #expect(
            message { try choose(environment: ["RESTIC_REPOSITORY_FILE": "/nonexistent/x"]) }
                == "cannot read the file that RESTIC_REPOSITORY_FILE names: no such file or directory"
        )
        #expect(message { try choose(flag: "") } == "`--repo` does not name a repository: it is empty")
        #expect(
            message { try choose(environment: ["BELAY_REPOSITORY": "ret:https://ada:hunter2@h"]) }
                == "`BELAY_REPOSITORY` does not name a repository: unknown scheme `ret:`; did you mean `rest:`?"
        )
    }
}

@Suite struct `A user's directories` {
    @Test func `follow the XDG variables`() {
        let environment = [
            "XDG_DATA_HOME": "/d", "XDG_CONFIG_HOME": "/c/", "XDG_STATE_HOME": "/s", "XDG_CACHE_HOME": "/k",
        ]
        let directories = UserDirectories(environment: environment, home: "/home/ada")
        #expect(directories.data == "/d/belay")
        #expect(directories.configuration == "/c/belay")
        #expect(directories.state == "/s/belay")
        #expect(directories.cache == "/k/belay")
        #expect(directories.repository == "/d/belay/repository")
    }

    @Test(arguments: ["", "relative", "./x"])
    func `ignore a variable that is not an absolute path`(value: String) {
        let environment = ["XDG_CONFIG_HOME": value, "XDG_STATE_HOME": value, "XDG_CACHE_HOME": value]
        let directories = UserDirectories(environment: environment, home: "/home/ada")
        #expect(directories.configuration == "/home/ada/.config/belay")
        #expect(directories.state == "/home/ada/.local/state/belay")
        #expect(directories.cache == "/home/ada/.cache/belay")
    }
}

@Suite struct `The project around a directory` {
    @Test func `is the nearest one with a belay.yaml`() throws {
        let temporary = try TemporaryDirectory()
        try temporary.write("belay.yaml", "")
        try temporary.makeDirectory("a/b/c")
        try temporary.write("a/b/belay.yaml", "project: inner")
        let inner = try ProjectLocator.locate(from: "\(temporary.path)/a/b/c/")
        #expect(inner.directory == "\(temporary.path)/a/b")
        #expect(inner.configuration == "\(temporary.path)/a/b/belay.yaml")
        #expect(try ProjectConfiguration.load(inner, environment: [:]).project == "inner")
        #expect(try ProjectLocator.locate(from: "\(temporary.path)/a").directory == temporary.path)
    }

    @Test func `is the directory itself if there is none`() throws {
        let temporary = try TemporaryDirectory()
        try temporary.write("belay.yml", "")
        let location = try ProjectLocator.locate(from: temporary.path)
        #expect(location.directory == temporary.path)
        #expect(location.configuration == nil)
        #expect(location.lookalike == "\(temporary.path)/belay.yml")
        #expect(try ProjectConfiguration.load(location, environment: [:]) == ProjectConfiguration())
    }

    @Test func `must exist and be a directory`() throws {
        let temporary = try TemporaryDirectory()
        let file = try temporary.write("file", "")
        for path in [file, "\(temporary.path)/missing", "\(file)/x"] {
            let error = #expect(throws: BelayError.self) { try ProjectLocator.locate(from: path) }
            #expect(error?.code == .projectUnreadable)
        }
    }

    @Test func `has a configuration that is read or refused, never skipped`() throws {
        let temporary = try TemporaryDirectory()
        try temporary.makeDirectory("belay.yaml")
        let location = try ProjectLocator.locate(from: temporary.path)
        let unreadable = #expect(throws: BelayError.self) {
            try ProjectConfiguration.load(location, environment: [:])
        }
        #expect(unreadable?.code == .configurationUnreadable)
        let other = try TemporaryDirectory()
        try other.write("belay.yaml", [0x61, 0xFF])
        let broken = try ProjectLocator.locate(from: other.path)
        let invalid = #expect(throws: BelayError.self) {
            try ProjectConfiguration.load(broken, environment: [:])
        }
        #expect(invalid?.message.hasSuffix("it is not UTF-8 text") == true)
    }
}
