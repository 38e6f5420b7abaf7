import ArgumentParser
import BelayArchive
import BelayCore
import BelayFormat
import BelayKit
import BelayReport
import BelayRules
import BelaySystem
import BelayWorkflows

/// Flags of the commands that store a snapshot.
struct BackupOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: .init("Say what the snapshot is for.", valueName: "text"))
    var message: String?

    @Option(name: .long, help: .init("Store only this part; may be repeated.", valueName: "part"))
    var only: [String] = []

    @Option(name: .long, help: .init("Add tags, separated by commas; may be repeated.", valueName: "tags"))
    var tag: [String] = []

    @Flag(
        name: [.customShort("n"), .long],
        help: "Store nothing, and say what would be; --verbose names it."
    )
    var dryRun = false

    @Option(
        name: [.customShort("e"), .long],
        help: .init("Leave out what matches; may be repeated.", valueName: "pattern")
    )
    var exclude: [String] = []

    @Option(name: .long, help: .init("Like --exclude, whatever the case of letters.", valueName: "pattern"))
    var iexclude: [String] = []

    @Option(
        name: .long,
        help: .init("Read patterns of --exclude from a file, one a line; may be repeated.", valueName: "file")
    )
    var excludeFile: [String] = []

    @Option(
        name: .long,
        help: .init("Like --exclude-file, whatever the case of letters.", valueName: "file")
    )
    var iexcludeFile: [String] = []

    @Option(name: .long, help: .init("Leave out files larger than this, such as 100M.", valueName: "size"))
    var excludeLargerThan: String?

    @Flag(name: .long, help: "Leave out the contents of directories marked as caches by a CACHEDIR.TAG file.")
    var excludeCaches = false

    @Option(
        name: .long,
        help: .init("Leave out the contents of directories that hold this file.", valueName: "name[:header]")
    )
    var excludeIfPresent: [String] = []

    @Flag(name: [.customShort("x"), .long], help: "Leave out other file systems below the project.")
    var oneFileSystem = false

    @Flag(name: .long, help: "Read every file, whatever earlier runs saw.")
    var force = false

    @Flag(name: .long, help: "Store nothing if nothing has changed.")
    var skipIfUnchanged = false

    @Flag(name: .long, help: "Store the project although it has lost most of its files.")
    var allowShrinking = false

    @Option(
        name: .long,
        help: .init("How hard to compress: off, fastest, auto, better or max.", valueName: "level"),
        completion: .list(CompressionLevel.allCases.map(\.rawValue))
    )
    var compression: String = "auto"

    @Option(
        name: .long,
        parsing: .unconditional,
        help: .init("Size of packs in MiB, 4 to 128.", valueName: "mib")
    )
    var packSize: Int = 16

    /// What the flags ask for.
    func request(_ context: CommandContext) throws -> BackupRequest {
        var request = BackupRequest()
        request.message = message
        request.only = only
        request.tags = tag.flatMap { $0.split(separator: ",").map(String.init) }
        request.isDryRun = dryRun
        request.skipsUnchanged = skipIfUnchanged
        request.allowsShrinking = allowShrinking
        request.isForced = force
        request.staysOnFileSystem = oneFileSystem
        guard let level = CompressionLevel(rawValue: compression) else {
            throw BelayError(
                .usage,
                "'\(compression)' is no compression level",
                hint: "use off, fastest, auto, better or max"
            )
        }
        request.compression = level
        guard (4...128).contains(packSize) else {
            throw BelayError(
                .usage,
                "packs of \(packSize) MiB are not possible",
                hint: "use 4 to 128: --pack-size 16"
            )
        }
        request.packSize = packSize << 20
        let (exclude, iexclude) = (
            exclude + (try patterns(excludeFile, "--exclude-file", context)),
            iexclude + (try patterns(iexcludeFile, "--iexclude-file", context))
        )
        request.excludes = try BackupExcludes(texts: exclude, ignoringCase: iexclude)
        if let excludeLargerThan {
            guard let size = ByteCount(excludeLargerThan) else {
                throw BelayError(
                    .usage,
                    "'\(excludeLargerThan)' is no size",
                    hint: "write it like 100M or 2GiB"
                )
            }
            request.fileSizeMaximum = size.bytes
        }
        do throws(BackupExcludesError) {
            request.markers = try excludeIfPresent.map { (text) throws(BackupExcludesError) in
                try ExcludeMarker(Array(text.utf8))
            }
        } catch {
            throw BelayError(
                .usage,
                "a value of --exclude-if-present cannot be used: \(error)",
                hint: "write the name of a file: --exclude-if-present .nobackup"
            )
        }
        if excludeCaches { request.markers.append(.cacheDirectory) }
        request.excludeTexts = exclude + iexclude + excludeIfPresent
        return request
    }

    /// The patterns in files of them.
    private func patterns(_ files: [String], _ flag: String, _ context: CommandContext) throws -> [String] {
        if files.isEmpty { return [] }
        let base = context.surroundings.workingDirectory
        return try files.flatMap { file in
            do throws(SystemError) {
                let bytes = try readFile(path: Paths.absolute(file, from: base), limit: 64 << 20)
                return PatternFile.patterns(in: String(decoding: bytes, as: UTF8.self)) {
                    context.surroundings.environment[$0]
                }
            } catch {
                throw BelayError(
                    .usage,
                    "the file '\(file)' of \(flag) cannot be read: \(error.reason)",
                    hint: "check its path and permissions"
                )
            }
        }
    }
}

/// The command `belay backup`.
struct BackupCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Store a snapshot of the project.",
        discussion: .flowing(
            """
            Stores the project's directory, honouring .gitignore and what belay.yaml says. Only what has changed
            is read and stored; --verbose names what is new, modified or removed. Ends with 3 if something could
            not be read, or a component is not there: the rest is stored.
            """
        )
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var options: BackupOptions

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        try await store(try options.request(context), context)
    }
}

extension BelayCommand {
    /// Carries a backup out, shows how far it is, and tells the result.
    func store(_ request: BackupRequest, _ context: CommandContext) async throws -> ExitStatus {
        var request = request
        request.namesChanges = context.console.isVerbose
        return try await context.withWorkspace { [request] workspace in
            let progress = CaptureProgress(wantsTotal: ProgressDisplay.showsTotals(context.console))
            let parts = PartProgress()
            let source = ProgressDisplay.Source.parts(parts, or: .backup(progress))
            let result = try await ProgressDisplay.during(context.console, source) {
                try await BackupWorkflow(workspace, request, progress: progress, parts: parts).run()
            }
            for change in result.changes { try context.console.print(BackupChangeDocument(change)) }
            try context.console.print(BackupDocument(result, in: workspace))
            return result.isComplete ? .success : .incomplete
        }
    }
}
