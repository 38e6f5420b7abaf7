import Foundation
import Testing

/// Snapshots of a project of which something could not be stored.
@Suite struct `An incomplete snapshot` {
    @Test func `says so`() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("belay.yaml", "captures: { python: { run: exit 3 } }\n")
        try sandbox.write("file", "one\n")
        try sandbox.write("captures/python", "a file of that name\n")
        try await sandbox.initialize()
        #expect(try await sandbox.belay("backup").status == 3)
        let shown = try await sandbox.done("show")
        #expect(shown.text.contains("incomplete 1 item could not be stored"), "\(shown.text)")
        #expect(
            shown.text.contains("part  captures/python: the capture 'python' is not stored"),
            "\(shown.text)"
        )
        #expect(try await sandbox.done("list").text.contains("INCOMPLETE"))
        #expect(try await sandbox.done("list", "--json").text.contains("\"failure_count\":1"))
        // What is no path hides none.
        try sandbox.remove("captures/python")
        let compared = try await sandbox.belay("diff")
        #expect(compared.text.contains("-  captures/python"))
        // The capture cannot be compared: the snapshot lacks it.
        #expect(compared.status == 3 && compared.errors.contains("could not store it"), "\(compared.errors)")
        try sandbox.write("belay.yaml", "project: demo\n")
        try await sandbox.backup(at: Sandbox.now + 10)
        #expect(!(try await sandbox.done("show").text.contains("incomplete")))
    }
}
