import BelayArchive
import BelayCore
import BelayParts
import Synchronization

/// Stores what engines hand over as files of the folder that belay adds to a snapshot.
final class SnapshotSink: PartSink {
    private struct State {
        var files: [GeneratedFile] = []
        var places: [(String, StoredStream)] = []
    }

    private let capture: StreamCapture
    private let folder: String
    private let progress: PartProgress
    private let state = Mutex(State())

    init(_ capture: StreamCapture, folder: String = "databases", progress: PartProgress) {
        self.capture = capture
        self.folder = folder
        self.progress = progress
    }

    /// The files so far, and what stands for which files of the project.
    var stored: (files: [GeneratedFile], places: [(String, StoredStream)]) {
        state.withLock { ($0.files, $0.places) }
    }

    func store(
        _ name: String,
        standingFor place: String?,
        reading read: (UnsafeMutableRawBufferPointer) throws -> Int
    ) async throws -> UInt64 {
        let stream = try await capture.store { room in
            let count = try read(room)
            progress.add(count)
            return count
        }
        let file = GeneratedFile(path: PartsCapture.path(folder, name), stream: stream)
        state.withLock { state in
            state.files.removeAll { $0.path == file.path }
            state.files.append(file)
            guard let place else { return }
            state.places.removeAll { $0.0 == place }
            state.places.append((place, stream))
        }
        return stream.size
    }
}
