import BelayCore
import BelayKit
import BelayProject
import BelaySystem
import Synchronization
import Testing

@Suite struct `Asking for a password` {
    /// Opens the sandbox's repository with the answers of a person; gives the questions and what went wrong.
    private func open(_ sandbox: Sandbox, _ answers: [String]) async throws -> ([String], ErrorCode?) {
        let questions = Mutex<[String]>([])
        var options = OpenOptions()
        options.askPassword = { question in
            questions.withLock {
                $0.append(question)
                return $0.count <= answers.count ? answers[$0.count - 1] : nil
            }
        }
        let surroundings = Surroundings(
            environment: [:],
            directories: UserDirectories(environment: [:], home: sandbox.home),
            workingDirectory: sandbox.project,
            clock: FixedClock(Timestamp(seconds: Sandbox.now)),
            zone: .utc,
            host: HostIdentity.current()
        )
        var code: ErrorCode?
        do {
            _ = try await Belay(surroundings, options).open()
        } catch let error as BelayError {
            code = error.code
        }
        return (questions.withLock { $0 }, code)
    }

    @Test func `happens three times at most, and only where none is known`() async throws {
        let sandbox = try Sandbox()
        let password = ["BELAY_PASSWORD": "hunter2"]
        try await sandbox.done("init", "--repository-only", environment: password)
        let (right, none) = try await open(sandbox, ["hunter2"])
        #expect(none == nil)
        #expect(right == ["password of the repository at \(sandbox.home)/.local/share/belay/repository: "])
        let (second, alsoNone) = try await open(sandbox, ["hunter", "hunter2"])
        #expect(alsoNone == nil && second.count == 2)
        let (third, wrong) = try await open(sandbox, ["a", "b", "c", "hunter2"])
        #expect(wrong == .passwordWrong && third.count == 3)
        let (fourth, missing) = try await open(sandbox, [])
        #expect(missing == .passwordMissing && fourth.count == 1)
        // Nobody is asked where there is no terminal.
        #expect(try await sandbox.belay("list").status == ErrorCode.passwordMissing.exitStatus)
    }

    @Test func `does not happen where there is no repository or a key is known`() async throws {
        let sandbox = try Sandbox()
        let (questions, code) = try await open(sandbox, ["a"])
        #expect(questions.isEmpty && code == .repositoryMissing)
        try await sandbox.initialize()
        let (others, none) = try await open(sandbox, ["a"])
        #expect(others.isEmpty && none == nil)
    }
}
