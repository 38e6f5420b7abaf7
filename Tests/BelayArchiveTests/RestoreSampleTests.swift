import BelayArchive
import BelayCore
import BelayFormat
import BelayRepository
import BelayStore
import BelaySystem
import Foundation
import Testing

/// Repositories that restic wrote, or that were made to the letter of its format.
@Suite(.serialized) struct `A restore from a repository of restic's` {
    private struct Vectors: Decodable {
        struct Sample: Decodable {
            var name: String
            var password: String
            var tarBase64: String
        }

        var sampleRepositories: [Sample]
    }

    @Test(arguments: 0..<3)
    func `brings back every snapshot`(number: Int) async throws {
        let vectors = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../BelayFormatTests/Vectors/restic-format.json").standardizedFileURL
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let sample = try decoder.decode(Vectors.self, from: Data(contentsOf: vectors)).sampleRepositories[
            number
        ]
        let store = try memoryStore(ofTar: try #require(Data(base64Encoded: sample.tarBase64)))
        let repository = try await Repository.open(
            store,
            password: Array(sample.password.utf8),
            surroundings: Repository.Surroundings(
                host: .current(),
                clock: SystemClock(),
                cachesFolder: nil
            )
        )
        let index = try await repository.loadIndex()
        let snapshots = try await repository.snapshots().readable
        #expect(!snapshots.isEmpty)
        for snapshot in snapshots {
            let target = try Scratch()
            let stored = Stored(repository: repository, index: index, tree: snapshot.snapshot.tree)
            let report = try await stored.restore(into: target("out")) { $0.verifies = true }
            #expect(report.failures.filter { !$0.reason.contains("not permitted") } == [])
            #expect(try await compare(target("out"), stored, stored.tree, []) > 0)
        }
    }

    /// Compares what was restored with the nodes themselves; gives the number of entries.
    private func compare(
        _ target: String,
        _ stored: Stored,
        _ tree: BlobID,
        _ prefix: [UInt8]
    ) async throws -> Int {
        var count = 0
        let entries = prefix.isEmpty ? try TreeSnapshotter.entries(target) : [:]
        var waiting = [(tree: tree, prefix: prefix)]
        while let folder = waiting.popLast() {
            for node in try await stored.trees.load(folder.tree).nodes {
                let path = folder.prefix + node.name.bytes
                guard let state = entries[path] else {
                    #expect(node.kind == .blockDevice || node.kind == .characterDevice, "\(node.name)")
                    continue
                }
                count += 1
                #expect(state.kind == node.kind)
                if node.kind != .symlink {
                    #expect(state.mode & 0o7777 == node.mode.posixPermissions, "\(node.name)")
                }
                #expect(state.modified == node.modified, "\(node.name)")
                #expect(state.size == node.size)
                #expect(state.target == node.linkTarget)
                if isRoot { #expect(state.userID == node.userID && state.groupID == node.groupID) }
                if node.kind == .directory, let tree = node.subtree { waiting.append((tree, path + [0x2F])) }
            }
        }
        #expect(entries.count == count)
        return count
    }

    private func memoryStore(ofTar tar: Data) throws -> MemoryStore {
        let store = MemoryStore()
        let bytes = Array(tar)
        var position = 0
        while position + 512 <= bytes.count, bytes[position] != 0 {
            let header = bytes[position..<(position + 512)]
            let path = text(header, 0, 100)
            let size = try #require(Int(text(header, 124, 12), radix: 8))
            let isFile = header[position + 156] == 0x30 || header[position + 156] == 0
            position += 512
            if isFile, let handle = handle(path) {
                store.damage(handle, with: Array(bytes[position..<(position + size)]))
            }
            position += (size + 511) / 512 * 512
        }
        return store
    }

    private func text(_ header: ArraySlice<UInt8>, _ offset: Int, _ length: Int) -> String {
        let field = header.dropFirst(offset).prefix(length).prefix { $0 != 0 && $0 != 0x20 }
        return String(decoding: field, as: UTF8.self)
    }

    private func handle(_ path: String) -> Handle? {
        if path == "repo/config" { return .config }
        let parts = path.split(separator: "/")
        guard parts.count > 2, let digest = Digest(hexadecimal: String(parts[parts.count - 1])) else {
            return nil
        }
        return FileKind.allCases.first { $0.folder == parts[1] }.map { Handle(kind: $0, digest: digest) }
    }
}
