import Foundation
import Testing

/// Components that are named and gone.
@Suite struct `A backup of a project that lacks a component` {
    private func makeSandbox() async throws -> Sandbox {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write(
            "belay.yaml",
            """
            components:
              backend: { paths: [backend] }
              frontend: { paths: [frontend, assets] }
            exclude: [/assets]
            """
        )
        for name in ["backend/a", "frontend/b", "assets/c", "top"] { try sandbox.write(name, name) }
        return sandbox
    }

    @Test func `names it, and stores the rest`() async throws {
        let sandbox = try await makeSandbox()
        // What is left out on purpose is no loss.
        try await sandbox.backup()
        try sandbox.remove("frontend")
        let outcome = try await sandbox.belay("backup")
        #expect(outcome.status == 3, "\(outcome.text)")
        #expect(
            outcome.text.contains("missing  frontend: component 'frontend' is not there"),
            "\(outcome.text)"
        )
        #expect(!outcome.text.contains("backend:") && !outcome.text.contains("assets"), "\(outcome.text)")
        #expect(try await sandbox.done("ls", "latest").text.contains("backend"))
        let alone = try await sandbox.belay("backup", "--only", "backend")
        #expect(alone.status == 0, "\(alone.text)")
    }

    @Test func `names it at the first backup, too`() async throws {
        let sandbox = try await makeSandbox()
        try sandbox.remove("backend")
        let outcome = try await sandbox.belay("backup", "--json")
        #expect(outcome.status == 3)
        let failures = try outcome.objects().last?["failures"] as? [[String: Any]]
        #expect(failures?.map { $0["path"] as? String } == ["backend"], "\(outcome.text)")
        #expect(failures?.map { $0["kind"] as? String } == ["missing"])
    }
}
