import BelayCore
package import BelayRepository
import BelaySystem

/// Restores what a snapshot holds into a directory.
///
/// Nothing is written outside that directory, whatever names and symlinks the snapshot or the directory
/// holds, and whatever others do there meanwhile: every call names one entry of an open directory. Every
/// chunk is checked against its id before any byte of it is written. Nothing is removed that the snapshot
/// does not replace.
package struct Restorer: Sendable {
    package let repository: Repository
    package let index: IndexTable

    private let entriesMaximum: Int

    /// More entries than this are not restored at once: a few small trees can stand for any number of them, and each
    /// takes some hundred and thirty bytes.
    package static let entriesMaximum = 20_000_000

    package init(repository: Repository, index: IndexTable, entriesMaximum: Int = entriesMaximum) {
        self.entriesMaximum = entriesMaximum
        self.repository = repository
        self.index = index
    }

    /// What a restore will make; writes nothing.
    ///
    /// - Throws: `path.not-found`, `target.not-usable`, or `repository.damaged` if the root cannot be read.
    ///   What else of the snapshot cannot be restored is in the plan.
    package func plan(_ request: RestoreRequest) async throws -> RestorePlan {
        let trees = TreeReader(BlobReader(repository, index: index))
        return try await withTaskExecutorPreference(BlockingPool.processors) {
            var (tables, failures) = try await RestorePlanner(
                request: request,
                trees: trees,
                entriesMaximum: entriesMaximum
            ).build()
            var survey = TargetSurvey(request)
            try survey.settle(&tables)
            return RestorePlan(
                request,
                tables: tables,
                contents: ContentPlan(tables, index: index),
                failures: failures,
                obstacles: survey.obstacles
            )
        }
    }

    /// Does what the plan says.
    ///
    /// An entry that cannot be restored is a failure in the report, and the rest goes on. A file of several
    /// chunks, and one that replaces another, appears under its own name whole; a new one of a single chunk is
    /// made in one go, so that only the death of the process can leave it short, and then with another time.
    /// If the run is cancelled or stopped by an error, what is in its place stays, and running it again with
    /// ``OverwritePolicy/ifChanged`` completes it.
    ///
    /// - Throws: `target.not-usable` if nothing more can be written there, what the store says if it is gone,
    ///   or `CancellationError`.
    package func restore(_ plan: RestorePlan, progress: RestoreProgress) async throws -> RestoreReport {
        if plan.request.isDryRun { return RestoreReport(counts: plan.counts, failures: plan.failures) }
        let root = try openTarget(plan.request.target)
        progress.expect(entries: plan.counts.entries, bytes: plan.counts.bytes)
        let run = RestoreRun(plan, repository: repository, index: index, root: root, progress: progress)
        defer { run.dismissWorkers() }
        do {
            try await withTaskExecutorPreference(BlockingPool.processors) {
                try await withTaskCancellationHandler {
                    try await run.perform()
                } onCancel: {
                    run.stop(CancellationError())
                }
            }
        } catch {
            run.removeUnfinished()
            throw error
        }
        return run.report
    }

    private func openTarget(_ path: String) throws -> Folder {
        do throws(SystemError) {
            try Paths.makeFolders(path)
            return try Folder.open(path: path)
        } catch {
            throw BelayError(
                .targetNotUsable,
                "cannot restore into \(path)",
                hint: "name a directory that you may write to with --to",
                cause: error
            )
        }
    }
}

extension RestoreRun {
    /// Small steps of work that a worker takes at a time.
    private static let sliceSize = 32

    /// All of it: directories, contents, what has none, further names, and last the directories' metadata.
    func perform() async throws {
        TemporaryNames.removeLeftOvers(in: root)
        let levels = foldersByDepth()
        for level in levels {
            try await shareEach(level) { worker, number in try worker.makeFolder(number) }
        }
        let pieces = plan.contents.pieces
        try await share(pieces.count, by: 1) { worker, next in
            while let range = next() {
                for number in range { try await worker.restore(pieces[number]) }
            }
            try await worker.finishBatch()
        }
        let rest = tables.files.indices.filter { number in
            let file = self.tables.files[number]
            return file.action == .setMetadata || (file.action == .write && file.chunkCount == 0)
        }
        try await shareEach(rest.map { UInt32($0) }) { worker, number in
            try worker.finishWithoutContents(number)
        }
        try await shareEach(0..<tables.others.count) { worker, number in try worker.makeOther(number) }
        try await shareEach(0..<tables.links.count) { worker, number in try worker.makeLink(number) }
        let skipped = tables.files.count { $0.action == .leaveAlone }
        var counts = RestoreCounts()
        counts.skipped = UInt64(skipped)
        add(counts)
        if plan.request.verifies { try await readBack() }
        for level in levels.reversed() {
            try await shareEach(level) { worker, number in try worker.finishFolder(number) }
        }
        if plan.request.isDurable { try synchronize() }
    }

    private func synchronize() throws {
        do throws(SystemError) {
            try root.synchronizeFileSystem()
        } catch {
            throw BelayError(
                .targetNotUsable,
                "what was restored to \(plan.request.target) could not be written out",
                hint: "check the disk and its space, then run the same command again with --overwrite always",
                cause: error
            )
        }
    }

    /// Takes away temporary files after a run that was stopped.
    func removeUnfinished() {
        let unfinished = partials.unfinished
        if unfinished.isEmpty { return }
        let worker = RestoreWorker(self)
        for number in unfinished { worker.removeUnfinished(number) }
    }

    /// The numbers of all directories but the root, those nearest to it first.
    private func foldersByDepth() -> [[UInt32]] {
        var levels: [[UInt32]] = []
        for number in tables.folders.indices.dropFirst() {
            let depth = Int(tables.folders[number].depth)
            while levels.count < depth { levels.append([]) }
            levels[depth - 1].append(UInt32(number))
        }
        return levels
    }

    private func readBack() async throws {
        try await share(tables.files.count, by: Self.sliceSize) { worker, next in
            var batch = PlainBatch<WrittenChunk>()
            while let range = next() {
                for number in range where !worker.run.isOver { try worker.readBack(UInt32(number), &batch) }
            }
            worker.compare(&batch)
        }
    }

    private func shareEach(
        _ numbers: some RandomAccessCollection<Int> & Sendable,
        _ body: @Sendable @escaping (RestoreWorker, UInt32) throws -> Void
    ) async throws {
        try await shareEach(numbers.map { UInt32($0) }, body)
    }

    private func shareEach(
        _ numbers: [UInt32],
        _ body: @Sendable @escaping (RestoreWorker, UInt32) throws -> Void
    ) async throws {
        try await share(numbers.count, by: Self.sliceSize) { worker, next in
            while let range = next() {
                for number in numbers[range] where !worker.run.isOver { try body(worker, number) }
            }
        }
    }
}
