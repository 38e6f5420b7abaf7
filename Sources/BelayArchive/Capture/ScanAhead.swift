import BelayCore
import BelaySystem

/// Counts what a capture will store while it is under way, so that its progress can be told as part of a whole.
///
/// Goes by the same rules as the capture, with one thread that reads no file. What cannot be read is left out, for
/// the capture to tell.
struct ScanAhead {
    /// A directory to be listed: the one above stays open until all below it are.
    private struct Pending {
        var parent: Folder?
        var name: [UInt8]
        var rules: ScanRules
    }

    private let root: String
    private let rules: ScanRules

    init(root: String, rules: ScanRules) {
        self.root = root
        self.rules = rules
    }

    /// Counts until the end, or until cancelled; then nothing is told.
    func run(for progress: CaptureProgress) async {
        // Work that is soon done needs no total.
        guard progress.wantsTotal, (try? await Task.sleep(for: .milliseconds(300))) != nil else { return }
        let total = await withTaskExecutorPreference(BlockingPool.files) { () async in count() }
        if let total { progress.expect(total) }
    }

    private func count() -> CaptureProgress.Total? {
        var total = CaptureProgress.Total(files: 0, bytes: 0)
        var listing = DirectoryListing()
        var pending = [Pending(parent: nil, name: [], rules: rules)]
        while let next = pending.popLast() {
            if Task.isCancelled { return nil }
            // What cannot be opened or listed counts for nothing.
            guard
                let folder = try? next.parent?.folder(named: FileName(next.name)) ?? Folder.open(path: root),
                (try? listing.read(folder)) != nil
            else { continue }
            var rules = next.rules
            rules.enter(folder, listing, isRoot: next.parent == nil) { _ in }
            rules.applyMarkers(in: folder, to: &listing)
            for index in 0..<listing.count {
                let name = listing.name(index)
                guard let status = folder.status(at: listing.cString(index)) else { continue }
                let decision = rules.decide(name, isDirectory: status.isDirectory)
                if case .skip = decision { continue }
                if rules.isTooLarge(status) { continue }
                if status.isDirectory {
                    pending.append(
                        Pending(parent: folder, name: Array(name), rules: rules.inside(name, decision))
                    )
                } else if status.isRegular {
                    total.files += 1
                    total.bytes += status.size
                }
            }
        }
        return total
    }
}
