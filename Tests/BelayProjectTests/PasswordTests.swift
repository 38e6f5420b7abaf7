import BelayCore
import BelayProject
import Glibc
import Testing

private func choose(
    file: String? = nil,
    command: String? = nil,
    _ environment: [String: String] = [:],
    keyFile: String? = nil
) throws -> PasswordSource? {
    try PasswordSource.choose(
        passwordFileFlag: file,
        passwordCommandFlag: command,
        environment: environment,
        keyFile: keyFile
    )
}

private func password(_ source: PasswordSource) throws -> String {
    try source.password(environment: ["PATH": "/usr/bin:/bin"], workingDirectory: "/").revealText()
}

private func failure(_ source: PasswordSource) -> String {
    do { return try password(source) } catch { return "\(error)" }
}

@Suite struct `A secret` {
    @Test func `shows nothing of itself`() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        dump([secret], to: &dumped)
        for text in [
            String(describing: secret), String(reflecting: secret), "\([secret])",
            "\(Optional(secret) as Any)", dumped,
        ] {
            #expect(text.contains("•••"))
            #expect(!text.contains("hunter2"))
            #expect(!text.contains("7"))
        }
    }

    @Test func `equals another with the same bytes`() {
        #expect(Secret("abc") == Secret(bytes: [0x61, 0x62, 0x63]))
        #expect(Secret("abc") != Secret("abd"))
        #expect(Secret("abc") != Secret("ab"))
        #expect(Secret("") == Secret(bytes: []))
        #expect(Secret("").isEmpty)
    }

    @Test func `lends its bytes and copies its source`() {
        var bytes: [UInt8] = [1, 2, 3]
        let secret = Secret(bytes: bytes)
        bytes[0] = 9
        #expect(secret.reveal() == [1, 2, 3])
        let sum = secret.withBytes { span in
            var sum = 0
            for index in span.indices { sum += Int(span[index]) }
            return sum
        }
        #expect(sum == 6)
        #expect(secret.count == 3)
    }
}

@Suite struct `The password of a repository` {
    @Test func `comes from the first source that is named`() throws {
        let temporary = try TemporaryDirectory()
        let key = try temporary.write("key", "k", mode: 0o600)
        var environment = [
            "BELAY_PASSWORD": "a", "BELAY_PASSWORD_FILE": "b", "BELAY_PASSWORD_COMMAND": "c",
            "RESTIC_PASSWORD": "d", "RESTIC_PASSWORD_FILE": "e", "RESTIC_PASSWORD_COMMAND": "f",
        ]
        var sources = [
            try #require(try choose(file: "x", environment)),
            try #require(try choose(command: "y", environment)),
        ]
        for name in [
            "BELAY_PASSWORD", "BELAY_PASSWORD_FILE", "BELAY_PASSWORD_COMMAND", "RESTIC_PASSWORD",
            "RESTIC_PASSWORD_FILE", "RESTIC_PASSWORD_COMMAND",
        ] {
            sources.append(try #require(try choose(environment, keyFile: key)))
            environment[name] = ""
        }
        sources.append(try #require(try choose(environment, keyFile: key)))
        #expect(
            sources == [
                .file(path: "x", namedBy: "`--password-file`"),
                .command("y", namedBy: "`--password-command`"),
                .value(Secret("a"), variable: "BELAY_PASSWORD"),
                .file(path: "b", namedBy: "`BELAY_PASSWORD_FILE`"),
                .command("c", namedBy: "`BELAY_PASSWORD_COMMAND`"),
                .value(Secret("d"), variable: "RESTIC_PASSWORD"),
                .file(path: "e", namedBy: "`RESTIC_PASSWORD_FILE`"),
                .command("f", namedBy: "`RESTIC_PASSWORD_COMMAND`"), .keyFile(path: key),
            ]
        )
        #expect(try choose(environment, keyFile: "\(temporary.path)/none") == nil)
        #expect(try choose(environment) == nil)
    }

    @Test func `cannot come from both flags`() {
        let error = #expect(throws: BelayError.self) { try choose(file: "a", command: "b") }
        #expect(error?.code == .usage)
    }

    @Test func `is taken from the environment to the byte`() throws {
        #expect(try password(try #require(try choose(["BELAY_PASSWORD": " a b\n"]))) == " a b\n")
    }

    @Test(arguments: [
        ("secret", "secret"), ("secret\n", "secret"), ("\u{FEFF}secret\r\n", "secret"),
        (" \t se cret \u{A0}\u{2003}\n", "se cret"),
        ("\u{3000}ü\u{85}", "ü"), ("\n\nx\n\n", "x"), ("\u{200B}x", "\u{200B}x"),
    ])
    func `loses white space and a byte order mark when it comes from a file`(
        content: String,
        expected: String
    ) throws {
        let temporary = try TemporaryDirectory()
        let path = try temporary.write("p", content)
        #expect(try password(.file(path: path, namedBy: "x")) == expected)
    }

    @Test func `may be in UTF-16 with a byte order mark, or be no text at all`() throws {
        let temporary = try TemporaryDirectory()
        let little = try temporary.write("l", [0xFF, 0xFE, 0x61, 0, 0xFC, 0, 0x0A, 0])
        let big = try temporary.write("b", [0xFE, 0xFF, 0, 0x61, 0, 0xFC])
        #expect(try password(.file(path: little, namedBy: "x")) == "aü")
        #expect(try password(.file(path: big, namedBy: "x")) == "aü")
        let raw = try temporary.write("r", [0x20, 0x80, 0xC2, 0x0A])
        let secret = try PasswordSource.file(path: raw, namedBy: "x").password(
            environment: [:],
            workingDirectory: "/"
        )
        #expect(secret.reveal() == [0x80, 0xC2])
    }

    @Test(arguments: [SIGHUP, SIGPIPE])
    func `comes from a command that signals end although we ignore them`(number: Int32) async {
        await #expect(processExitsWith: .success) { [number] in
            signal(number, SIG_IGN)
            var held = sigset_t()
            sigemptyset(&held)
            sigaddset(&held, number)
            pthread_sigmask(SIG_BLOCK, &held, nil)
            let source = PasswordSource.command("sh -c 'kill -\(number) $$; echo survived'", namedBy: "x")
            let error = #expect(throws: BelayError.self) {
                try source.password(environment: ["PATH": "/usr/bin:/bin"], workingDirectory: "/")
            }
            #expect(error?.message.contains("signal \(number)") == true)
        }
    }

    @Test func `is refused with a reason when its file is no use`() throws {
        let temporary = try TemporaryDirectory()
        let empty = try temporary.write("empty", " \n")
        let large = try temporary.write("large", [UInt8](repeating: 0x61, count: 70_000))
        let path = temporary.path
        #expect(
            failure(.file(path: empty, namedBy: "`F`"))
                == "the password file `\(empty)` named by `F` is empty"
        )
        #expect(
            failure(.file(path: large, namedBy: "`F`"))
                == "cannot read the password file `\(large)` named by `F`: it is too large"
        )
        #expect(
            failure(.file(path: "\(path)/x", namedBy: "`F`"))
                == "cannot read the password file `\(path)/x` named by `F`: no such file or directory"
        )
        #expect(
            failure(.file(path: path, namedBy: "`F`"))
                == "cannot read the password file `\(path)` named by `F`: it is a directory"
        )
    }

    @Test(arguments: [
        ("echo secret", "secret"), ("printf '%s|%s' a\\ b 'c d'", "a b|c d"),
        ("printf %s \"a'b\"\\''c\"'", "a'b'c\""),
        ("echo '$HOME' \"*\" | cat", "$HOME * | cat"), ("printf %s \"\\\\\\\"x\"", "\\\"x"),
        ("/bin/echo x", "x"),
        ("printf %s a''b", "ab"), ("printf '[%s]' ''", "[]"),
    ])
    func `is what a command prints, run without a shell`(command: String, expected: String) throws {
        #expect(try password(.command(command, namedBy: "x")) == expected)
    }

    @Test(arguments: [
        ("false --token=hunter2", "the password command of `C`, `false`, failed with status 1"),
        (
            "nonexistent-program hunter2",
            "the password command of `C`, `nonexistent-program`, did not start: there is no such program"
        ),
        (
            "/etc/passwd hunter2",
            "the password command of `C`, `/etc/passwd`, did not start: the system refused it"
        ),
        ("true hunter2", "the password command of `C`, `true`, printed nothing"),
        ("sh -c 'kill -9 $$' hunter2", "the password command of `C`, `sh`, was ended by signal 9"),
        ("yes hunter2", "the password command of `C`, `yes`, printed more than 65536 bytes"),
        (
            "echo 'hunter2",
            "cannot understand the password command of `C`: a quotation begun with ' does not end"
        ),
        ("echo hunter2\\", "cannot understand the password command of `C`: it ends with a backslash"),
        ("  ", "cannot understand the password command of `C`: it is empty"),
    ])
    func `is refused with a reason when its command fails, never with its arguments`(
        command: String,
        message: String
    ) {
        #expect(failure(.command(command, namedBy: "`C`")) == message)
    }
}

@Suite struct `A key file` {
    private func repository(_ path: String) -> RepositoryChoice? {
        try? RepositoryChoice.choose(  // A wrong path shows as a failing expectation.
            flag: path,
            environment: [:],
            configured: nil,
            projectDirectory: "/",
            workingDirectory: "/",
            directories: UserDirectories(environment: [:], home: "/home/ada")
        )
    }

    @Test func `is created for its owner alone and read back`() throws {
        let temporary = try TemporaryDirectory()
        let key = try #require(RecoveryKey(randomBytes: Array(0..<32)))
        let path = "\(temporary.path)/config/belay/keys/a.key"
        try KeyFile.create(key, at: path)
        #expect(try KeyFile.read(path) == key.secret)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(stat("\(temporary.path)/config/belay/keys", &status) == 0 && status.st_mode & 0o777 == 0o700)
        let again = #expect(throws: BelayError.self) { try KeyFile.create(key, at: path) }
        #expect(again?.message == "cannot create the key file `\(path)`: it exists already")
        #expect(try KeyFile.read(path) == key.secret)
    }

    @Test(arguments: [0o640, 0o604, 0o644, 0o660, 0o601, 0o620] as [mode_t])
    func `is refused when others may use it`(mode: mode_t) throws {
        let temporary = try TemporaryDirectory()
        let path = try temporary.write("a.key", "hunter2", mode: mode)
        let error = #expect(throws: BelayError.self) { try KeyFile.read(path) }
        #expect(error?.code == .passwordMissing)
        #expect(
            error?.message
                == "refusing the key file `\(path)`: others than its owner may use it (mode \(String(mode, radix: 8)), not 600)"
        )
    }

    @Test(arguments: [0o600, 0o400] as [mode_t])
    func `is accepted when only its owner may read it`(mode: mode_t) throws {
        let temporary = try TemporaryDirectory()
        let path = try temporary.write("a.key", "hunter2\n", mode: mode)
        #expect(try KeyFile.read(path) == Secret("hunter2"))
    }

    @Test func `has a name that depends on the repository alone`() throws {
        let temporary = try TemporaryDirectory()
        try temporary.makeDirectory("real/sub")
        try run(["/bin/ln", "-s", "\(temporary.path)/real", "\(temporary.path)/link"])
        let directories = UserDirectories(environment: ["XDG_CONFIG_HOME": "/c"], home: "/home/ada")
        func path(_ repository: String) throws -> String {
            KeyFile.path(for: try #require(self.repository(repository)), in: directories)
        }
        let real = try path("\(temporary.path)/real/repo")
        #expect(try path("\(temporary.path)/link/repo") == real)
        #expect(try path("\(temporary.path)/real/sub/../repo/") == real)
        #expect(try path("\(temporary.path)/real/other") != real)
        try temporary.makeDirectory("real/repo")
        #expect(try path("\(temporary.path)/link/repo") == real)
        #expect(real.hasPrefix("/c/belay/keys/"))
        #expect(try path("/srv/backup") == "/c/belay/keys/srv-backup-1768c8febfb8e892.key")
        let standard = try path("/home/ada/.local/share/belay/repository")
        #expect(standard.hasPrefix("/c/belay/keys/ada-local-share-belay-repository-"))
        #expect(try path("/a/\(String(repeating: "n", count: 40))/repo").hasPrefix("/c/belay/keys/repo-"))
        #expect(try path("rest:https://ada:old@h/p") == path("rest:https://ada:new@h/p"))
        #expect(!(try path("rest:https://ada:hunter2@h/p").contains("hunter2")))
    }
}
