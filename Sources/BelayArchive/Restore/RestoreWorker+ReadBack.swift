import BelayCore
import BelayRepository
import BelaySystem

/// A chunk of a file that was written.
struct WrittenChunk {
    var file: UInt32
    /// Among the data blobs of the index.
    var position: UInt32
}

// Reading back: what is in the files now must have the ids that the snapshot tells.
extension RestoreWorker {
    /// Reads a file that was restored, or believed to be there, and compares it as soon as there is enough.
    func readBack(_ number: UInt32, _ batch: inout PlainBatch<WrittenChunk>) throws {
        let record = run.tables.files[Int(number)]
        if record.action == .leaveAlone || run.isLost(file: number) { return }
        do throws(SystemError) {
            guard let folder = try folder(record.folder) else { return }
            let file = try folder.openFile(at: run.tables.names.cString(record.name))
            let status = try file.status()
            guard status.isRegular, status.size == record.size else {
                return run.lose(number, "it was written, but its size is now \(status.size) bytes")
            }
            for position in run.tables.chunks(of: record) {
                let length = run.index.location(of: .data, at: Int(position)).plainLength
                if batch.isFull(for: length) { compare(&batch) }
                guard try file.read(into: batch.room(for: length)) == length else {
                    return run.lose(number, "it was written, but is shorter now")
                }
                batch.add(WrittenChunk(file: number, position: position), length: length)
            }
        } catch {
            try stopIfGeneral(error)
            if error.isDenied {
                run.warn(.notVerified, record.folder, record.name, error)
            } else {
                run.lose(number, "it was written, but cannot be read back: \(error.reason)")
            }
        }
    }

    /// Hashes what was read and compares it.
    func compare(_ batch: inout PlainBatch<WrittenChunk>) {
        for (item, digest) in zip(batch.items, BlobHashing.digests(of: batch.chunks)) {
            if digest == run.index.id(of: .data, at: Int(item.purpose.position)) { continue }
            run.lose(item.purpose.file, "it was written, but reads back differently")
        }
        batch.clear()
    }
}
