import BelayCore
import BelayRepository
import BelayStore
import BelaySystem
import BelayTestKit
import Foundation
import Testing

/// A repository on disk that restic made, with restic to ask about it.
///
/// `BELAY_TEST_RESTIC` names the program. Without it these tests are left out, except in continuous integration.
final class ResticRepository: Sendable {
    static let program = ProcessInfo.processInfo.environment["BELAY_TEST_RESTIC"]
    static let isWanted = program != nil || ProcessInfo.processInfo.environment["CI"] != nil

    private static let password = "a password"
    let folder: String
    var source: String { "\(folder)/source" }
    var path: String { "\(folder)/repository" }

    /// An empty repository in a temporary folder that goes with this object.
    init() throws {
        folder =
            FileManager.default.temporaryDirectory.appendingPathComponent("belay-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: source, withIntermediateDirectories: true)
        try run("init")
    }

    deinit {
        // What is left behind in the temporary folder does no harm.
        _ = try? FileManager.default.removeItem(atPath: folder)
    }

    /// What restic says; fails the test if it does not end as expected.
    @discardableResult
    func run(
        _ arguments: String...,
        in directory: String? = nil,
        status: Int32 = 0,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        let process = Process()
        process.executableURL = URL(
            fileURLWithPath: try #require(Self.program, "BELAY_TEST_RESTIC is not set")
        )
        process.arguments = ["-r", path, "--pack-size", "4"] + arguments
        process.environment = [
            "RESTIC_PASSWORD": Self.password, "RESTIC_CACHE_DIR": "\(folder)/cache", "HOME": folder,
            "PATH": "/usr/bin",
        ]
        process.currentDirectoryURL = URL(fileURLWithPath: directory ?? folder)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(
            process.terminationStatus == status,
            "restic \(arguments.joined(separator: " ")): \(text)",
            sourceLocation: sourceLocation
        )
        return text
    }

    /// The repository, opened by belay.
    func open() async throws -> Repository {
        try await Repository.open(
            LocalStore(path: path),
            password: Array(Self.password.utf8),
            surroundings: Sample.surroundings()
        )
    }

    /// Writes the sources of a generation: large files that change in parts, small ones, a directory of each.
    func write(generation: UInt64) throws {
        for number in 0..<12 as Range<UInt64> {
            let isChanged = number % 3 == generation % 3
            let bytes = Sample.piece(isChanged ? generation * 1000 + number : number, count: 900_000)
            try write(bytes, "large/\(number)")
        }
        for number in 0..<60 as Range<UInt64> {
            try write(
                Sample.text(number % 7 == 0 ? generation * 1000 + number : number),
                "small/\(number % 5)/\(number)"
            )
        }
        try FileManager.default.createDirectory(atPath: "\(source)/hollow", withIntermediateDirectories: true)
        try write([], "empty")
    }

    private func write(_ bytes: [UInt8], _ name: String) throws {
        let url = URL(fileURLWithPath: "\(source)/\(name)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(bytes).write(to: url)
    }

    /// Stores the sources as they are now.
    func backUp() throws { try run("backup", "source") }

    /// Restores the newest snapshot and compares it with the sources.
    func expectRestorable(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let target = "\(folder)/restored"
        try run("restore", "latest", "--target", target, "--verify", sourceLocation: sourceLocation)
        for name in try FileManager.default.subpathsOfDirectory(atPath: source) {
            var isFolder: ObjCBool = false
            let isThere = FileManager.default.fileExists(
                atPath: "\(target)/source/\(name)",
                isDirectory: &isFolder
            )
            #expect(isThere, "\(name)", sourceLocation: sourceLocation)
            if isFolder.boolValue { continue }
            let isEqual = FileManager.default.contentsEqual(
                atPath: "\(source)/\(name)",
                andPath: "\(target)/source/\(name)"
            )
            #expect(isEqual, "\(name)", sourceLocation: sourceLocation)
        }
        try FileManager.default.removeItem(atPath: target)
    }

    /// Expects that restic finds nothing wrong, reads everything, and could rewrite every tree.
    func expectSound(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let text = try run("check", "--read-data", sourceLocation: sourceLocation)
        #expect(text.contains("no errors were found"), "\(text)", sourceLocation: sourceLocation)
        try run("rewrite", "--dry-run", "--exclude", "/none", sourceLocation: sourceLocation)
    }

    // MARK: - Damage

    func bytes(of handle: Handle) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(handle.path)")))
    }

    /// Puts bytes in the place of a file, or takes it away.
    func damage(_ handle: Handle, with bytes: [UInt8]?) throws {
        let file = "\(path)/\(handle.path)"
        if FileManager.default.fileExists(atPath: file) { try FileManager.default.removeItem(atPath: file) }
        if let bytes { try Data(bytes).write(to: URL(fileURLWithPath: file)) }
    }
}
