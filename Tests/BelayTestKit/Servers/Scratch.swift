package import BelaySystem
import Foundation

/// A folder for one test, gone with the value.
package final class Scratch: Sendable {
    package let path: String

    package init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "belay-parts-\(UUID().uuidString)"
        )
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.resolvingSymlinksInPath().path
    }

    deinit {
        // A folder that cannot be removed does no harm to other tests.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Makes a program of that text, which no process has open for writing, as ours would while it starts others.
    package func program(_ text: String, at name: String) throws {
        let script = "mkdir -p \"${2%/*}\" && printf %s \"$1\" > \"$2\" && chmod 755 \"$2\""
        _ = try Command(
            "/bin/sh",
            ["-c", script, "sh", text, "\(path)/\(name)"],
            environment: ["PATH": "/usr/bin:/bin"]
        ).checked(limit: 1)
    }

    /// Writes a file.
    package func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }
}

extension Command {
    /// What it prints, if it ends with status 0.
    package func checked(limit: Int) throws -> String {
        let outcome = try run(limit: limit)
        if outcome.isSuccess { return outcome.text }
        throw CommandFailure(description: "\(program) \(outcome.ending): \(outcome.said)")
    }

    /// What it prints when it reads a text, if it ends with status 0.
    package func checked(reading text: String) throws -> String {
        let running = try RunningCommand.start(self, input: .pipe)
        try running.write(text)
        running.closeInput()
        let bytes = try running.readToEnd()
        let ending = try running.finish()
        if ending.isSuccess { return String(decoding: bytes, as: UTF8.self) }
        throw CommandFailure(description: "\(program) \(ending): \(running.said)")
    }

    /// Sees that it ends with status 0; what it prints may stay open to programs that go on.
    package func finished() throws {
        let running = try RunningCommand.start(self, output: .nothing)
        let ending = try running.finish()
        guard ending.isSuccess else {
            throw CommandFailure(description: "\(program) \(ending): \(running.said)")
        }
    }
}

/// A program that a test needs did not do its work.
package struct CommandFailure: Error, CustomStringConvertible {
    package var description: String

    package init(description: String) { self.description = description }
}

/// How a server is started that refuses to run as root: as the account `name` if we are.
func unprivileged(_ name: String, _ arguments: [String]) -> [String] {
    if geteuid() != 0 { return arguments }
    return ["/usr/bin/setpriv", "--reuid=\(name)", "--regid=\(name)", "--clear-groups", "--"] + arguments
}
