import BelaySystem
import Synchronization

/// A file that is written in pieces, under a temporary name until it is whole.
final class OpenPartial: Sendable {
    let file: NewFile

    init(_ file: consuming NewFile) {
        self.file = file
    }
}

/// The files of several chunks that are under way; a bounded number of them is open.
final class PartialFiles: Sendable {
    private struct Entry {
        /// `nil` if it was closed to let others be open.
        var open: OpenPartial?
        var missing: UInt32
        var isLost = false
        /// What was created, to know it again.
        var inode: UInt64 = 0
        var deviceID: UInt64 = 0
    }

    private struct State {
        var entries: [UInt32: Entry] = [:]
        /// Numbers of open files, those opened first in front.
        var open: [UInt32] = []
    }

    private static let openMaximum = 48

    private let state = Mutex(State())

    /// The file with that number, opened; `nil` if it is lost.
    ///
    /// It is created when its first chunk comes, and opened again if it was closed to let others be open. A
    /// file that is not the one that was created is an error.
    func open(
        _ number: UInt32,
        chunks: UInt32,
        create: () throws(SystemError) -> OpenPartial,
        reopen: () throws(SystemError) -> OpenPartial
    ) throws(SystemError) -> OpenPartial? {
        try state.withLock { (state) throws(SystemError) -> OpenPartial? in
            if let entry = state.entries[number] {
                if entry.isLost { return nil }
                if let open = entry.open { return open }
                let open = try reopen()
                let status = try open.file.status()
                guard status.inode == entry.inode, status.deviceID == entry.deviceID, status.links == 1 else {
                    throw SystemError(call: "open", subject: "", number: 116)  // ESTALE: it is another file
                }
                Self.keep(open, number, &state)
                return open
            }
            let open = try create()
            let status = try open.file.status()
            state.entries[number] = Entry(
                open: nil,
                missing: chunks,
                inode: status.inode,
                deviceID: status.deviceID
            )
            Self.keep(open, number, &state)
            return open
        }
    }

    /// What became of a file whose chunk was dealt with.
    enum Outcome {
        case waitsForMore
        /// All chunks are written; the file is the caller's to finish, opened again if need be.
        case whole(OpenPartial?)
        case lost
    }

    /// Says that a chunk is written, or could not be.
    func finishChunk(_ number: UInt32) -> Outcome {
        state.withLock { state in
            guard var entry = state.entries[number] else { return .lost }
            entry.missing -= min(1, entry.missing)
            if entry.missing > 0 {
                state.entries[number] = entry
                return entry.isLost ? .lost : .waitsForMore
            }
            Self.close(number, &state)
            state.entries[number] = nil
            return entry.isLost ? .lost : .whole(entry.open)
        }
    }

    /// Gives a file up; nothing more is written to it.
    ///
    /// - Returns: whether it had been created.
    func lose(_ number: UInt32, chunks: UInt32) -> Bool {
        state.withLock { state in
            let wasCreated = state.entries[number].map { !$0.isLost } ?? false
            var entry = state.entries[number] ?? Entry(open: nil, missing: chunks)
            entry.isLost = true
            entry.open = nil
            state.entries[number] = entry
            Self.close(number, &state)
            return wasCreated
        }
    }

    /// The files that were begun and will not be finished.
    var unfinished: [UInt32] {
        state.withLock { state in state.entries.filter { !$0.value.isLost }.map(\.key) }
    }

    private static func keep(_ open: OpenPartial, _ number: UInt32, _ state: inout State) {
        if state.open.count >= openMaximum {
            // Whoever is writing to it holds it open until that is done.
            state.entries[state.open.removeFirst()]?.open = nil
        }
        state.entries[number]?.open = open
        state.open.append(number)
    }

    private static func close(_ number: UInt32, _ state: inout State) {
        if let position = state.open.firstIndex(of: number) { state.open.remove(at: position) }
    }
}
