import BelayCore
import BelayFormat
import BelayRepository
import BelaySystem

// Contents: stretches of packs are read, chunks opened, hashed together, and written to every place they
// belong in.
extension RestoreWorker {
    /// Reads a stretch and opens the chunks in it; they are written once there are enough to be hashed
    /// together.
    func restore(_ piece: ContentPlan.Piece) async throws {
        run.progress.enter {
            let file = run.tables.files[Int(run.plan.contents.uses[piece.uses.lowerBound].file)]
            return run.tables.displayPath(file.folder, named: file.name)
        }
        do {
            let bytes = try await run.repository.load(Handle(run.index.pack(piece.pack)), range: piece.range)
            try run.heard(nil)
            guard bytes.count == piece.range.count else {
                throw BelayError(
                    .repositoryDamaged,
                    "a pack is shorter than it should be",
                    hint: "run `belay verify --read-data`"
                )
            }
            try bytes.withUnsafeBytes { try open(piece, $0) }
        } catch let error as BelayError where error.code != .targetNotUsable {
            try run.heard(error)
            // Perhaps a part of the stretch can be read, or other packs have what is in it.
            var next = piece.uses.lowerBound
            while next < piece.uses.upperBound {
                let uses = run.plan.contents.usesOfSameChunk(from: next, in: piece)
                damaged.append(uses)
                next = uses.upperBound
            }
        }
        try await restoreDamaged()
    }

    /// Hashes what is waiting and writes it.
    func finishBatch() async throws {
        try writeBatch()
        try await restoreDamaged()
    }

    private func open(_ piece: ContentPlan.Piece, _ bytes: UnsafeRawBufferPointer) throws {
        let contents = run.plan.contents
        var next = piece.uses.lowerBound
        while next < piece.uses.upperBound && !run.isOver {
            let uses = contents.usesOfSameChunk(from: next, in: piece)
            next = uses.upperBound
            let location = run.index.location(of: .data, at: Int(contents.uses[uses.lowerBound].position))
            let length = location.plainLength
            if batch.isFull(for: length) { try writeBatch() }
            let start = Int(UInt64(location.offset) - piece.range.lowerBound)
            let sealed = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + Int(location.length))])
            do throws(FormatError) {
                try decoder.decode(sealed, isCompressed: location.isCompressed, into: batch.room(for: length))
                batch.add(uses, length: length)
            } catch {
                damaged.append(uses)
            }
        }
    }

    private func writeBatch() throws {
        if batch.items.isEmpty { return }
        let chunks = batch.chunks
        let digests = BlobHashing.digests(of: chunks)
        for (position, item) in batch.items.enumerated() {
            let use = run.plan.contents.uses[item.purpose.lowerBound]
            if digests[position] == run.index.id(of: .data, at: Int(use.position)) {
                try write(chunks[position], to: item.purpose)
            } else {
                damaged.append(item.purpose)
            }
        }
        batch.clear()
    }

    /// Looks for sound copies of chunks that were damaged where they were read first.
    private func restoreDamaged() async throws {
        while let uses = damaged.popLast(), !run.isOver {
            let use = run.plan.contents.uses[uses.lowerBound]
            let id = BlobID(run.index.id(of: .data, at: Int(use.position)))
            var failure: any Error = FormatError.malformed(what: "blob", detail: "it is in no pack")
            var plain: [UInt8]?
            for location in run.index.locations(of: BlobHandle(.data, id)) where plain == nil {
                do {
                    let start = UInt64(location.offset)
                    let sealed = try await run.repository.load(
                        Handle(location.pack),
                        range: start..<(start + UInt64(location.length))
                    )
                    try run.heard(nil)
                    plain = try sealed.withUnsafeBytes { try decoder.decode($0, at: location, id: id) }
                } catch let error as FormatError {
                    failure = error
                } catch {
                    try run.heard(error)
                    failure = error
                }
            }
            if let plain {
                try plain.withUnsafeBytes { try write($0, to: uses) }
            } else {
                for use in run.plan.contents.uses[uses] {
                    lose(use.file, "its data \(id.short) cannot be read from any pack: \(failure)")
                    finishLostChunk(use.file)
                }
            }
        }
    }

    private func finishLostChunk(_ number: UInt32) {
        if run.tables.files[Int(number)].chunkCount > 1 { _ = run.partials.finishChunk(number) }
    }
}
