import ArgumentParser
import BelayCore
import BelayKit
import BelayProject
import BelayReport
import BelayRepository
import BelaySystem
import BelayWorkflows

/// The command `belay unlock`.
struct UnlockCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlock",
        abstract: "Remove locks that dead processes have left.",
        discussion: "belay removes left-over locks by itself when they are in its way; other programs do not."
    )

    @OptionGroup var global: GlobalOptions

    @Flag(name: .long, help: "Remove all locks, also those of processes that may still work.")
    var removeAll = false

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        try await context.withWorkspace { workspace in
            try context.console.print(UnlockDocument(try await workspace.repository.unlock(all: removeAll)))
            return .success
        }
    }
}

/// The command `belay cache`.
struct CacheCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Local caches: they only save time.",
        subcommands: [CacheListCommand.self, CacheClearCommand.self],
        defaultSubcommand: CacheListCommand.self
    )
}

/// The command `belay cache list`.
struct CacheListCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show what lies in the caches."
    )

    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        let folder = context.surroundings.directories.cache
        try context.console.print(
            CacheDocument(folder: folder, items: try CacheFolder.contents(folder), isCleared: false)
        )
        return .success
    }
}

/// The command `belay cache clear`.
struct CacheClearCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "clear",
        abstract: "Delete all caches; the next commands make them again."
    )

    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        let folder = context.surroundings.directories.cache
        let items = try CacheFolder.contents(folder)
        try CacheFolder.clear(folder)
        try context.console.print(CacheDocument(folder: folder, items: items, isCleared: true))
        return .success
    }
}

/// The folder of caches: `repositories/ID/…` and `projects/KEY/…`, nothing else.
enum CacheFolder {
    private static let kinds = ["projects", "repositories"]

    static func contents(_ folder: String) throws -> [CacheDocument.Item] {
        try each(folder).map { path in
            let bytes = try Paths.names(in: "\(folder)/\(path)").reduce(UInt64(0)) { sum, name in
                sum + (try Paths.status("\(folder)/\(path)/\(name)")?.size ?? 0)
            }
            return CacheDocument.Item(path: path, bytes: bytes)
        }
    }

    /// Deletes the files that belay's caches consist of, and their folders.
    static func clear(_ folder: String) throws {
        for path in try each(folder) {
            for name in try Paths.names(in: "\(folder)/\(path)") {
                try Paths.remove("\(folder)/\(path)/\(name)")
            }
            try Paths.removeFolder("\(folder)/\(path)")
        }
    }

    private static func each(_ folder: String) throws -> [String] {
        try kinds.flatMap { kind in
            try Paths.names(in: "\(folder)/\(kind)").sorted().map { "\(kind)/\($0)" }
        }
    }
}
