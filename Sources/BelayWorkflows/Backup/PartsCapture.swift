import BelayArchive
import BelayCore
import BelayFormat
import BelayParts
import BelayProject
import BelayRepository
import BelaySystem

/// Stores the parts of a snapshot that are not files: databases and captures.
///
/// One after the other, before the files: a database that cannot be read is known early, and the files that belong to
/// it are not stored as if they were ordinary ones.
struct PartsCapture {
    /// What was stored, and what stands for which files.
    struct Outcome: Sendable {
        var databases: [Manifest.Database] = []
        var captures: [Manifest.Capture] = []
        var missing: [Manifest.MissingPart] = []
        /// Databases that are stored as they are, and are damaged.
        var damaged: [Manifest.MissingPart] = []
        var files: [GeneratedFile] = []
        var overlays = CaptureOverlays()

        /// What the last snapshot of the whole project holds of databases: their fingerprints by their names.
        var whole: [String: String?] = [:]

        /// Whether every database is in the state of the last snapshot of the whole project, and none has come or gone.
        var isUnchanged: Bool {
            missing.isEmpty && captures.isEmpty && databases.count == whole.count
                && databases.allSatisfy { $0.isReused && whole[$0.name] == .some($0.fingerprint) }
        }
    }

    let workspace: Workspace
    let repository: Repository
    let writer: BlobWriter
    let known: KnownBlobs
    let compression: CompressionLevel
    /// The last snapshots of the project, the newest first, whose databases need not be stored again if nothing was
    /// written since.
    let last: [StoredSnapshot]
    /// The one of these that holds the whole project.
    let whole: StoredSnapshot?
    let progress: PartProgress

    func run(_ selection: PartSelection) async throws -> Outcome {
        var outcome = Outcome()
        var earlier: [String: EarlierState] = [:]
        var bitsBefore: [String: Int] = [:]
        var bytesBefore: [String: UInt64] = [:]
        defer { progress.end() }
        for snapshot in last {
            let wanted = selection.databases.filter { bitsBefore[$0.name] == nil }
            if wanted.isEmpty && snapshot.id != whole?.id { continue }
            var reader = ManifestReader(workspace)
            let stored = try await reader.readable(snapshot)?.databases ?? []
            if snapshot.id == whole?.id {
                outcome.whole = Dictionary(stored.map { ($0.name, $0.fingerprint) }) { first, _ in first }
            }
            for database in stored where bitsBefore[database.name] == nil {
                bitsBefore[database.name] = database.chunkBits
                bytesBefore[database.name] = database.bytes
            }
            earlier.merge(try await EarlierState.all(of: wanted, in: snapshot, workspace, known: known)) {
                first,
                _ in
                first
            }
        }
        for settings in selection.databases {
            let bits = bitsBefore[settings.name]
            progress.begin(.storing, settings.name, total: bytesBefore[settings.name])
            for path in settings.companions(in: workspace.project.directory) {
                outcome.overlays.leaveOut(path)
            }
            do {
                try await store(settings, earlier[settings.name], bits, &outcome)
            } catch let error as BelayError where error.code == .databaseUnreadable {
                outcome.missing.append(.init(name: settings.name, kind: "database", reason: error.message))
                leaveOut(settings, &outcome)
            } catch let error as SystemError {
                // The repository's own failures are no errors of the system's by the time they come here.
                outcome.missing.append(.init(name: settings.name, kind: "database", reason: "\(error)"))
                leaveOut(settings, &outcome)
            }
        }
        for settings in selection.captures {
            progress.begin(.storing, settings.name)
            do {
                try await store(settings, &outcome)
            } catch let error as BelayError where error.code == .captureFailed {
                outcome.missing.append(.init(name: settings.name, kind: "capture", reason: error.message))
            } catch let error as SystemError {
                outcome.missing.append(.init(name: settings.name, kind: "capture", reason: "\(error)"))
            }
        }
        if !selection.hasFiles, outcome.databases.isEmpty, outcome.captures.isEmpty,
            let first = outcome.missing.first
        {
            throw BelayError(
                first.kind == "database" ? .databaseUnreadable : .captureFailed,
                first.reason,
                hint: "nothing was stored, because nothing else was asked for"
            )
        }
        return outcome
    }

    private func store(
        _ settings: DatabaseSettings,
        _ earlier: EarlierState?,
        _ bits: Int?,
        _ outcome: inout Outcome
    ) async throws {
        let engine = try workspace.engines.engine(for: settings, in: workspace)
        if let earlier, try await earlier.isCurrent(engine) {
            var database = earlier.database
            database.isReused = true
            if let integrity = database.checks["integrity"], integrity != "ok" {
                let reason = "it is as damaged as it was: \(integrity)"
                outcome.damaged.append(.init(name: settings.name, kind: "database", reason: reason))
            }
            outcome.databases.append(database)
            outcome.files += earlier.files
            if let source = database.source, let file = earlier.files.first {
                outcome.overlays.add(file.stream, for: source)
            }
            return
        }
        let sink = SnapshotSink(
            try StreamCapture(
                repository,
                through: writer,
                cutting: .database(bitsBefore: bits),
                compression: compression
            ),
            progress: progress
        )
        let state = try await engine.dump(to: sink)
        if let integrity = state.checks["integrity"], integrity != "ok" {
            let reason = "it is stored as it is, but it is damaged: \(integrity)"
            outcome.damaged.append(.init(name: settings.name, kind: "database", reason: reason))
        }
        let (files, places) = sink.stored
        for (place, stream) in places { outcome.overlays.add(stream, for: place) }
        outcome.files += files
        if let schema = state.schema {
            let stream = try await GeneratedTree(repository, through: writer, at: workspace.clock.now())
                .store(Array(schema.utf8))
            outcome.files.append(
                GeneratedFile(path: Self.path("databases", "\(settings.name).schema.sql"), stream: stream)
            )
        }
        outcome.databases.append(
            Manifest.Database(
                name: settings.name,
                engine: engine.kind,
                version: state.version,
                path: Self.place(of: files, settings.name),
                source: settings.source(in: workspace.project.directory),
                bytes: files.reduce(0) { $0 + $1.stream.size },
                tables: state.tables,
                fingerprint: state.fingerprint,
                checks: state.checks,
                chunkBits: files.compactMap(\.stream.chunkBits).first
            )
        )
    }

    private func store(_ settings: CaptureSettings, _ outcome: inout Outcome) async throws {
        let sink = SnapshotSink(
            try StreamCapture(repository, through: writer, cutting: .file, compression: compression),
            folder: "captures",
            progress: progress
        )
        let command = Command.shell(
            settings.run,
            environment: workspace.environment,
            directory: workspace.project.directory
        )
        let size = try await CommandOutput(
            part: "the capture '\(settings.name)'",
            command,
            code: .captureFailed
        )
        .store("\(settings.name).txt", in: sink)
        outcome.files += sink.stored.files
        outcome.captures.append(
            Manifest.Capture(
                name: settings.name,
                run: settings.run,
                path: "\(GeneratedFolder.name)/captures/\(settings.name).txt",
                bytes: size,
                restore: settings.restore
            )
        )
    }

    /// The live file of a database that could not be copied is no state of it.
    private func leaveOut(_ settings: DatabaseSettings, _ outcome: inout Outcome) {
        guard case .sqlite = settings.engine, let source = settings.source(in: workspace.project.directory)
        else {
            return
        }
        outcome.overlays.leaveOut(source)
    }

    static func path(_ folder: String, _ name: String) -> [FileName] {
        ([folder] + name.split(separator: "/").map(String.init)).map { FileName(Array($0.utf8)) }
    }

    /// Where the state lies: a file of its own, or the folder of its files.
    private static func place(of files: [GeneratedFile], _ name: String) -> String {
        let isFile = files.count == 1 && files[0].path.count == 2
        let path = isFile ? files[0].path : path("databases", name)
        return ([GeneratedFolder.name] + path).map(\.description).joined(separator: "/")
    }
}
