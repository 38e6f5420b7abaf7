import BelayCore
import BelayProject
import Glibc
import Testing

/// What lies where a small file should, and is none.
@Suite struct `A file that is none` {
    /// A FIFO that nobody writes to, and a device that has no end.
    enum Kind: CaseIterable {
        case fifo
        case device

        func make(_ path: String) throws {
            switch self {
            case .fifo: try #require(mkfifo(path, 0o600) == 0)
            case .device: try #require(symlink("/dev/zero", path) == 0)
            }
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: Kind.allCases)
    func `is refused as configuration`(kind: Kind) throws {
        let temporary = try TemporaryDirectory()
        try kind.make("\(temporary.path)/belay.yaml")
        let location = try ProjectLocator.locate(from: temporary.path)
        let error = #expect(throws: BelayError.self) {
            _ = try ProjectConfiguration.load(location, environment: [:])
        }
        #expect(error?.code == .configurationUnreadable)
        #expect(error?.message.contains("belay.yaml`: it is not a regular file") == true)
    }

    @Test(.timeLimit(.minutes(1)), arguments: Kind.allCases)
    func `is refused as key`(kind: Kind) throws {
        let temporary = try TemporaryDirectory()
        try kind.make("\(temporary.path)/key")
        let error = #expect(throws: BelayError.self) { _ = try KeyFile.read("\(temporary.path)/key") }
        #expect(error?.message.contains("it is not a regular file") == true)
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [".git/HEAD", ".git/config", ".git/info/exclude", ".gitignore"]
    )
    func `keeps git from being asked`(name: String) throws {
        let temporary = try TemporaryDirectory()
        try run(["/usr/bin/git", "init", "-q"], in: temporary.path)
        try temporary.makeDirectory("below")
        unlink("\(temporary.path)/\(name)")
        try Kind.fifo.make("\(temporary.path)/\(name)")
        var notes: [String] = []
        let environment = ["PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"]
        let state = GitInspector.state(of: "\(temporary.path)/below", environment: environment) {
            notes.append($0)
        }
        #expect(state == nil)
        #expect(notes.count == 1 && notes[0].contains("/\(name) is not a regular file"), "\(notes)")
    }

    @Test(.timeLimit(.minutes(1))) func `may give the password, for somebody writes to it`() throws {
        let temporary = try TemporaryDirectory()
        try temporary.write("secret", "from a pipe\n")
        let path = "\(temporary.path)/pipe"
        try Kind.fifo.make(path)
        try run(["/bin/sh", "-c", "cat secret > pipe &"], in: temporary.path)
        let source = PasswordSource.file(path: path, namedBy: "a test")
        let password = try source.password(environment: [:], workingDirectory: temporary.path)
        #expect(password.reveal() == Array("from a pipe".utf8))
    }
}
