import BelaySystem

/// A walk that only looks: the least that a backup of an unchanged tree can cost.
package enum BareWalk {
    private struct State {
        var folders: [Folder]
        var working = 0
        var total = 0
    }

    /// The number of entries below a directory; several threads, one `stat` for each entry.
    package static func count(_ path: String) async throws -> Int {
        let board = Condition(State(folders: [try Folder.open(path: path)]))
        try await withTaskExecutorPreference(BlockingPool.processors) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<BlockingPool.processorCount {
                    group.addTask { try walk(board) }
                }
                try await group.waitForAll()
            }
        }
        return board.withLock { $0.total }
    }

    private static func walk(_ board: Condition<State>) throws {
        var listing = DirectoryListing()
        var wasWorking = false
        while let folder = next(board, wasWorking) {
            wasWorking = true
            try listing.read(folder)
            var below: [Folder] = []
            for index in 0..<listing.count {
                guard let status = folder.status(at: listing.cString(index)) else { continue }
                if status.isDirectory { below.append(try folder.folder(named: listing.fileName(index))) }
            }
            board.withLock { state in
                state.total += listing.count
                state.folders.append(contentsOf: below)
            }
            board.broadcast()
        }
        board.broadcast()
    }

    private static func next(_ board: Condition<State>, _ wasWorking: Bool) -> Folder? {
        var countsAsWorking = wasWorking
        return board.wait { state -> Folder?? in
            if countsAsWorking { state.working -= 1 }
            countsAsWorking = false
            if let folder = state.folders.popLast() {
                state.working += 1
                return .some(folder)
            }
            return state.working == 0 ? .some(nil) : nil
        }
    }
}
