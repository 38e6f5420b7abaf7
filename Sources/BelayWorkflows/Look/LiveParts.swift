import BelayArchive
import BelayCore
import BelayParts
import BelayProject
import BelayRepository
import BelaySystem
import Synchronization

/// Looks at the databases of a project as they are now, and runs its captures; stores nothing.
struct LiveParts {
    let workspace: Workspace
    let selection: DiffSelection
    /// What is compared with: a database that is as it was there is not read.
    let snapshot: StoredSnapshot
    let earlier: PartSides
    let known: KnownBlobs
    let scratch: ScratchFiles
    let comparesRows: Bool

    struct Outcome: Sendable {
        var sides = PartSides()
        /// What stands for the files of databases when the project is scanned.
        var overlays = CaptureOverlays()
    }

    func look() async throws -> Outcome {
        var outcome = Outcome()
        let configuration = workspace.project.configuration
        let states = try await EarlierState.all(
            of: configuration.databases,
            in: snapshot,
            workspace,
            known: known
        )
        for settings in configuration.databases {
            for path in settings.companions(in: workspace.project.directory) {
                outcome.overlays.leaveOut(path)
            }
            let source = settings.source(in: workspace.project.directory)
            let isWanted =
                selection.includes(database: settings.name, source: source)
                && earlier.database(settings.name).isCovered
            let state: PartState<DatabaseSide>
            do {
                state = try await look(at: settings, states[settings.name], isWanted, &outcome.overlays)
            } catch let error as BelayError where error.code == .databaseUnreadable {
                state = .unknown(error.message)
            } catch let error as SystemError {
                state = .unknown("\(error)")
            }
            outcome.sides.databases.append((settings.name, state))
            if case .sqlite = settings.engine, let source, isWanted, let file = told(settings.name, state) {
                // It is told of as a database: its file is neither read nor compared.
                outcome.overlays.add(
                    StoredStream(content: file.content ?? [], size: file.size),
                    for: source
                )
            }
        }
        for settings in configuration.captures
        where selection.includes(capture: settings.name) && earlier.capture(settings.name).isCovered {
            do {
                outcome.sides.captures.append((settings.name, .there(try await output(of: settings))))
            } catch let error as BelayError where error.code == .captureFailed {
                outcome.sides.captures.append((settings.name, .unknown(error.message)))
            } catch let error as SystemError {
                outcome.sides.captures.append((settings.name, .unknown("\(error)")))
            }
        }
        return outcome
    }

    /// The stored file of a database that both sides have, or that cannot be looked at now.
    private func told(_ name: String, _ state: PartState<DatabaseSide>) -> Node? {
        guard case .there(let before) = earlier.database(name) else { return nil }
        switch state {
        case .there, .unknown: return before.stored.values.first
        case .absent, .uncovered: return nil
        }
    }

    private func look(
        at settings: DatabaseSettings,
        _ state: EarlierState?,
        _ isWanted: Bool,
        _ overlays: inout CaptureOverlays
    ) async throws -> PartState<DatabaseSide> {
        if let path = settings.path,
            !Paths.exists(Paths.absolute(path, from: workspace.project.directory))
        {
            return .absent
        }
        let engine = try workspace.engines.engine(for: settings, in: workspace)
        if let state, try await state.isCurrent(engine) {
            if let source = state.database.source, let file = state.files.first {
                overlays.add(file.stream, for: source)
            }
            return .there(DatabaseSide(database: state.database))
        }
        guard isWanted else { return .uncovered("it was not asked for") }
        let before: DatabaseSide? =
            if case .there(let side) = earlier.database(settings.name) { side } else { nil }
        // The state is written out where its bytes will be asked for.
        let isComparedByBytes = before?.isOpaque ?? false
        let isComparedByRow = comparesRows && workspace.engines.rowComparison(of: engine.kind) != nil
        let writes = before != nil && (isComparedByBytes || isComparedByRow)
        let sink = ScratchSink(scratch)
        let found = writes ? try await engine.dump(to: sink) : try await engine.survey()
        let database = Manifest.Database(
            name: settings.name,
            engine: engine.kind,
            version: found.version,
            path: "",
            source: settings.source(in: workspace.project.directory),
            tables: found.tables,
            fingerprint: found.fingerprint,
            checks: found.checks
        )
        return .there(
            DatabaseSide(database: database, schema: .text(found.schema), scratch: sink.files)
        )
    }

    private func output(of settings: CaptureSettings) async throws -> CaptureSide {
        let command = Command.shell(
            settings.run,
            environment: workspace.environment,
            directory: workspace.project.directory
        )
        let sink = MemorySink(limit: TextPatch.byteMaximum)
        let size = try await CommandOutput(
            part: "the capture '\(settings.name)'",
            command,
            code: .captureFailed
        )
        .store("\(settings.name).txt", in: sink)
        return CaptureSide(size: size, contents: .bytes(sink.bytes))
    }
}

/// Keeps what it is given in memory, unless that is too much.
private final class MemorySink: PartSink {
    private let limit: Int
    private let kept = Mutex<[UInt8]?>([])

    init(limit: Int) { self.limit = limit }

    /// `nil` if there was too much.
    var bytes: [UInt8]? { kept.withLock { $0 } }

    func store(
        _ name: String,
        standingFor place: String?,
        reading read: (UnsafeMutableRawBufferPointer) throws -> Int
    ) async throws -> UInt64 {
        var room = [UInt8](repeating: 0, count: 64 << 10)
        var size: UInt64 = 0
        while true {
            try Task.checkCancellation()
            let count = try room.withUnsafeMutableBytes { try read($0) }
            if count == 0 { return size }
            size += UInt64(count)
            kept.withLock { kept in
                if size > UInt64(limit) { kept = nil } else { kept?.append(contentsOf: room[..<count]) }
            }
        }
    }
}
