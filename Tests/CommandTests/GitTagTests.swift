import Foundation
import Testing

@Suite struct `A checkpoint with a tag in git` {
    private func git(_ sandbox: Sandbox, _ arguments: String...) async throws -> String {
        let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        let outcome = try await sandbox.run(["/usr/bin/git"] + identity + arguments)
        #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
        return outcome.text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func makeSandbox(commits: Bool = true) async throws -> Sandbox {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write("file", "one\n")
        _ = try await git(sandbox, "init", "-q")
        if commits {
            _ = try await git(sandbox, "add", "file")
            _ = try await git(sandbox, "commit", "-q", "-m", "one")
        }
        return sandbox
    }

    @Test func `tags the commit that is checked out`() async throws {
        let sandbox = try await makeSandbox()
        let commit = try await git(sandbox, "rev-parse", "HEAD")
        let stored = try await sandbox.done("checkpoint", "stable", "--git-tag")
        #expect(
            stored.text.contains("\ntagged  commit \(commit.prefix(8)) in git as 'stable'\n"),
            "\(stored.text)"
        )
        #expect(try await git(sandbox, "rev-parse", "refs/tags/stable") == commit)
        #expect(try await sandbox.done("list").text.contains("'stable'"))
        try sandbox.write("file", "two\n")
        let dirty = try await sandbox.done("checkpoint", "work", "--git-tag")
        #expect(dirty.text.contains("as 'work'; what is not committed is in the checkpoint alone\n"))
        try await sandbox.done("checkpoint", "without")
        #expect(try await git(sandbox, "tag") == "stable\nwork")
    }

    @Test func `never moves a tag that is there, keeps the snapshot, and ends with 3`() async throws {
        let sandbox = try await makeSandbox()
        let commit = try await git(sandbox, "rev-parse", "HEAD")
        _ = try await git(sandbox, "tag", "stable")
        try sandbox.write("file", "two\n")
        _ = try await git(sandbox, "commit", "-q", "-a", "-m", "two")
        let outcome = try await sandbox.belay("checkpoint", "stable", "--git-tag", "--json")
        #expect(outcome.status == 3)
        let document = try #require(try outcome.objects().last)
        #expect(document["snapshot_id"] is String)
        let tag = try #require(document["git_tag"] as? [String: Any])
        #expect(tag["name"] as? String == "stable")
        #expect(tag["problem"] as? String == "git has a tag of that name already, which stays as it is")
        #expect(try await git(sandbox, "rev-parse", "refs/tags/stable") == commit)
        #expect(try await sandbox.done("show", "stable").status == 0)
    }

    @Test func `says why there can be no tag`() async throws {
        let sandbox = try await makeSandbox(commits: false)
        let bare = try await sandbox.belay("checkpoint", "first", "--git-tag")
        #expect(bare.status == 3 && bare.text.contains("there is no commit yet"), "\(bare.text)")
        _ = try await git(sandbox, "add", "file")
        _ = try await git(sandbox, "commit", "-q", "-m", "one")
        let named = try await sandbox.belay("checkpoint", "before the upgrade", "--git-tag")
        #expect(named.status == 3 && named.text.contains("git allows no tag of that name"), "\(named.text)")
        let quiet = try await sandbox.belay("checkpoint", "after..it", "--git-tag", "-q")
        #expect(quiet.status == 3 && quiet.text.hasPrefix("no tag  'after..it'"), "\(quiet.text)")
        try sandbox.remove(".git")
        let outside = try await sandbox.belay("checkpoint", "second", "--git-tag")
        #expect(outside.status == 3 && outside.text.contains("the project is in no git repository"))
        let rehearsed = try await sandbox.done("checkpoint", "third", "--git-tag", "--dry-run")
        #expect(!rehearsed.text.contains("tag"))
    }
}
