import Foundation
import Testing

/// Directories of the same name, which have the same project name if nobody says otherwise.
@Suite struct `Two projects of one name in one repository` {
    @Test func `are two projects`() async throws {
        let sandbox = try Sandbox()
        let (left, right) = ("\(sandbox.folder)/left/api", "\(sandbox.folder)/right/api")
        for place in [left, right] {
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            try Data("\(place)\n".utf8).write(to: URL(fileURLWithPath: "\(place)/file"))
        }
        func belay(
            _ arguments: String...,
            at place: String,
            moment: Int64 = 0
        ) async throws -> Sandbox.Outcome {
            let outcome = try await sandbox.run(
                [try Sandbox.binary()] + arguments,
                environment: ["BELAY_TEST_NOW": "\(Sandbox.now + moment)"],
                directory: place
            )
            #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
            return outcome
        }
        _ = try await belay("init", "--repository-only", at: left)
        for moment in 0..<3 {
            _ = try await belay("backup", at: left, moment: Int64(moment))
            _ = try await belay("backup", at: right, moment: Int64(moment + 10))
        }
        _ = try await belay("checkpoint", "milestone", at: left, moment: 30)
        _ = try await belay("checkpoint", "milestone", at: right, moment: 31)
        _ = try await belay("cleanup", "--keep-last", "1", at: left, moment: 40)
        _ = try await belay(
            "cleanup",
            "--keep-last",
            "1",
            "--all-projects",
            "--dry-run",
            at: left,
            moment: 40
        )
        let rest = try await belay("list", "--json", at: right, moment: 50)
        #expect(rest.text.components(separatedBy: "\"short_id\"").count - 1 == 4, "\(rest.text)")
        _ = try await belay("restore", "latest", "--to", "\(sandbox.folder)/restored", at: left, moment: 60)
        #expect(
            try String(contentsOfFile: "\(sandbox.folder)/restored/file", encoding: .utf8) == "\(left)\n"
        )
        // Moved, a project keeps its past.
        let moved = "\(sandbox.folder)/moved/api"
        try FileManager.default.createDirectory(
            atPath: "\(sandbox.folder)/moved",
            withIntermediateDirectories: true
        )
        try FileManager.default.moveItem(atPath: right, toPath: moved)
        let listed = try await belay("list", "--json", at: moved, moment: 70)
        #expect(listed.text.components(separatedBy: "\"short_id\"").count - 1 == 4, "\(listed.text)")
    }

    @Test func `a part of a project does not stand for the whole when most of it is gone`() async throws {
        let sandbox = try Sandbox()
        try sandbox.write(
            "belay.yaml",
            "project: demo\ncomponents:\n  docs: { paths: [docs] }\n"
        )
        for number in 0..<200 { try sandbox.write("src/\(number)", "\(number)") }
        for number in 0..<3 { try sandbox.write("docs/\(number)", "\(number)") }
        try await sandbox.initialize()
        try await sandbox.backup(at: Sandbox.now)
        try await sandbox.backup("--only", "docs", at: Sandbox.now + 10)
        try sandbox.remove("src")
        let outcome = try await sandbox.belay("backup")
        #expect(outcome.status == 1 && outcome.errors.contains("looks like a loss"), "\(outcome.errors)")
    }
}
