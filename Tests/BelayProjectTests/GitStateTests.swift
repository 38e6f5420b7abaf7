import BelayProject
import Glibc
import Testing

private let environment = ["PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"]

private func git(_ arguments: [String], in directory: String) throws {
    try run(
        ["/usr/bin/git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always"] + arguments,
        in: directory
    )
}

@Suite struct `The state of git` {
    @Test func `is nothing where there is no repository, or no git`() throws {
        let temporary = try TemporaryDirectory()
        #expect(GitInspector.state(of: temporary.path, environment: environment) == nil)
        #expect(GitInspector.state(of: "/nonexistent", environment: environment) == nil)
        try git(["init", "-q"], in: temporary.path)
        #expect(GitInspector.state(of: temporary.path, environment: ["PATH": "/nonexistent"]) == nil)
    }

    @Test func `is not known, and that is told, if git takes too long`() throws {
        let temporary = try TemporaryDirectory()
        // It closes its output, and has a child that would stay.
        try temporary.write("git", "#!/bin/sh\nsleep 1000 &\nexec >&-\nwait\n", mode: 0o755)
        var notes: [String] = []
        let state = GitInspector.state(
            of: temporary.path,
            environment: ["PATH": "\(temporary.path):/usr/bin:/bin"],
            timeLimit: .zero,
            notes: { notes.append($0) }
        )
        #expect(state == nil)
        #expect(notes == ["git did not answer within 0 s, so its state is not known"])
    }

    @Test func `is not waited for once the task is cancelled`() async throws {
        let temporary = try TemporaryDirectory()
        try temporary.write("git", "#!/bin/sh\nexec sleep 1000\n", mode: 0o755)
        let task = Task { [path = temporary.path] in
            withUnsafeCurrentTask { $0?.cancel() }
            return GitInspector.state(of: path, environment: ["PATH": "\(path):/usr/bin:/bin"]) {
                Issue.record("\($0)")
            }
        }
        #expect(await task.value == nil)
        _ = temporary
    }

    @Test func `is known before the first commit`() throws {
        let temporary = try TemporaryDirectory()
        try git(["init", "-q"], in: temporary.path)
        try temporary.write("a", "a")
        let state = try #require(GitInspector.state(of: temporary.path, environment: environment))
        #expect(state.branch == "main")
        #expect(state.commit == nil)
        #expect(state.untracked == 1)
        #expect(state.isDirty)
    }

    @Test func `counts what differs, and leaves no trace`() throws {
        let temporary = try TemporaryDirectory()
        let path = temporary.path
        try git(["init", "-q"], in: path)
        for name in ["a", "b", "c", "d"] {
            try temporary.write("sub/\(name)", "content of \(name), long enough to be recognised")
        }
        try git(["add", "."], in: path)
        try git(["commit", "-q", "-m", "one"], in: path)
        let clean = try #require(GitInspector.state(of: path, environment: environment))
        #expect(!clean.isDirty)
        #expect(clean.commit?.count == 40)
        #expect(clean.upstream == nil)

        try temporary.write("sub/a", "changed")
        try git(["stash", "-q"], in: path)
        try temporary.write("sub/a", "changed")
        try git(["mv", "sub/b", "sub/? weird\nname"], in: path)
        try temporary.write("sub/c", "staged")
        try git(["add", "sub/c"], in: path)
        try temporary.write("sub/c", "staged and changed")
        try temporary.write("new file", "x")
        try temporary.write("dir/x", "x")
        try temporary.write("dir/y", "x")
        var before = stat()
        stat("\(path)/.git/index", &before)
        // In a hook git says where its repository is; the project's is another one.
        let state = try #require(
            GitInspector.state(
                of: "\(path)/sub",
                environment: environment.merging(["GIT_DIR": "/nonexistent"]) { $1 }
            )
        )
        var after = stat()
        stat("\(path)/.git/index", &after)
        #expect(before.st_ino == after.st_ino)
        #expect(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec)
        #expect(state.root == path)
        #expect(state.staged == 2)
        #expect(state.modified == 2)
        #expect(state.untracked == 2)
        #expect(state.stashes == 1)
        #expect(state.unmerged == 0)
    }

    @Test func `tells the upstream and the distance from it`() throws {
        let temporary = try TemporaryDirectory()
        try temporary.makeDirectory("origin")
        let origin = "\(temporary.path)/origin"
        try git(["init", "-q"], in: origin)
        try git(["commit", "-q", "--allow-empty", "-m", "one"], in: origin)
        try git(["clone", "-q", origin, "clone"], in: temporary.path)
        let clone = "\(temporary.path)/clone"
        try git(["commit", "-q", "--allow-empty", "-m", "two"], in: clone)
        let state = try #require(GitInspector.state(of: clone, environment: environment))
        #expect(state.upstream == "origin/main")
        #expect(state.ahead == 1)
        #expect(state.behind == 0)
        try git(["checkout", "-q", "--detach"], in: clone)
        let detached = try #require(GitInspector.state(of: clone, environment: environment))
        #expect(detached.branch == nil)
        #expect(detached.commit == state.commit)
        #expect(detached.upstream == nil)
    }
}
