package import BelayCore
package import BelayFormat

/// Something that is not as it should be in a repository.
package struct Finding: Hashable, Sendable {
    package enum Severity: String, Hashable, Sendable {
        /// Something is lost, or will be restored wrongly.
        case error
        /// Nothing is lost; something could be tidier.
        case hint
    }

    /// What is wrong, and with what.
    package enum Problem: Hashable, Sendable {
        case indexUnreadable(IndexID, reason: String)
        case snapshotUnreadable(SnapshotID, reason: String)
        /// A key file that opens nothing any more.
        case keyUnreadable(KeyID, reason: String)
        /// A file of the repository under a name by which nobody finds it; a copy of one that is there, or not.
        case misnamed(path: String, Handle, isCopy: Bool)
        case packMissing(PackID)
        case packLength(PackID, expected: UInt64, actual: UInt64)
        /// The index tells only a part of what the pack holds, or tells it in several files.
        case packDescription(PackID, reason: String)
        case packCompressedInVersion1(PackID)
        case packUnreadable(PackID, reason: String)
        /// The contents of the file do not match its name.
        case packHash(PackID)
        case packHeader(PackID, reason: String)
        /// Under the name of one pack lies another.
        case packIsAnother(PackID, PackID)
        case blobsDamaged(PackID, [BlobHandle], reason: String)
        /// Data that is longer than what belay reads.
        case blobTooLong(PackID, BlobHandle, length: UInt64)
        /// A tree that a snapshot needs; without a reason no index knows it.
        case treeLost(BlobID, reason: String?)
        /// A piece of a file that no index knows.
        case dataMissing(BlobID)
        case treeIrregular(BlobID, TreeIrregularity)
        case wrongSize(BlobID, FileName, size: UInt64, contentSize: UInt64)
        /// A pack that no index describes, as a run that was cut off leaves.
        case packUnknown(PackID, length: UInt64)
        case packDescribedTwice(PackID)
        case packMixed(PackID)
    }

    package var problem: Problem
    /// What cannot be restored, or not rightly, because of it.
    package var affected = Affected()

    package init(_ problem: Problem) {
        self.problem = problem
    }

    /// Snapshots and paths that something is wrong with.
    package struct Affected: Hashable, Sendable {
        /// The first of the paths.
        package var paths: [Path] = []
        /// How many there are altogether.
        package var count = 0

        /// More are only counted.
        package static let pathsMaximum = 1000

        mutating func add(_ path: @autoclosure () -> Path) {
            count += 1
            if paths.count < Self.pathsMaximum { paths.append(path()) }
        }
    }

    /// A file or a directory in a snapshot.
    package struct Path: Hashable, Sendable {
        package var snapshot: SnapshotID
        /// From `/` on, for people.
        package var path: String
    }
}

extension Finding {
    package var severity: Severity {
        switch problem {
        case .packUnknown, .packDescribedTwice, .packMixed, .misnamed(_, _, isCopy: true): .hint
        case .treeIrregular(_, .notCanonical), .treeIrregular(_, .notInOrder): .hint
        default: .error
        }
    }

    /// The stable name of the kind of problem, for scripts.
    package var code: String {
        switch problem {
        case .indexUnreadable: "index.unreadable"
        case .snapshotUnreadable: "snapshot.unreadable"
        case .keyUnreadable: "key.unreadable"
        case .misnamed: "file.misnamed"
        case .packMissing: "pack.missing"
        case .packLength: "pack.length"
        case .packDescription: "pack.description"
        case .packCompressedInVersion1: "pack.compressed-in-version-1"
        case .packUnreadable: "pack.unreadable"
        case .packHash: "pack.hash"
        case .packHeader: "pack.header"
        case .packIsAnother: "pack.is-another"
        case .blobsDamaged: "pack.blobs-damaged"
        case .blobTooLong: "blob.too-long"
        case .treeLost: "tree.lost"
        case .dataMissing: "data.missing"
        case .treeIrregular: "tree.irregular"
        case .wrongSize: "file.wrong-size"
        case .packUnknown: "pack.unknown"
        case .packDescribedTwice: "pack.described-twice"
        case .packMixed: "pack.mixed"
        }
    }

    /// What it is about: the path of a stored file, or the id of a blob.
    package var subject: String {
        switch problem {
        case .indexUnreadable(let id, _): Handle(id).path
        case .snapshotUnreadable(let id, _): Handle(id).path
        case .keyUnreadable(let id, _): Handle(id).path
        case .misnamed(let path, _, _): path
        case .packMissing(let id), .packLength(let id, _, _), .packDescription(let id, _),
            .packCompressedInVersion1(let id), .packUnreadable(let id, _), .packHash(let id),
            .packHeader(let id, _), .packIsAnother(let id, _), .blobsDamaged(let id, _, _),
            .packUnknown(let id, _),
            .packDescribedTwice(let id), .packMixed(let id):
            Handle(id).path
        case .blobTooLong(_, let handle, _): "\(handle.type.name) \(handle.id)"
        case .treeLost(let id, _), .treeIrregular(let id, _), .wrongSize(let id, _, _, _): "tree \(id)"
        case .dataMissing(let id): "data \(id)"
        }
    }

    /// What is wrong, in words that follow the subject.
    package var message: String {
        switch problem {
        case .indexUnreadable(_, let reason), .snapshotUnreadable(_, let reason),
            .keyUnreadable(_, let reason), .packUnreadable(_, let reason):
            return "cannot be read: \(reason)"
        case .misnamed(_, let handle, isCopy: true): return "is a copy of \(handle.path)"
        case .misnamed(_, let handle, isCopy: false):
            return "is \(handle.path) under another name, by which nobody finds it"
        case .packMissing: return "is missing, but the index describes it"
        case .packLength(_, let expected, let actual):
            return "has \(Count.text(actual)) bytes instead of \(Count.text(expected))"
        case .packDescription(_, let reason): return "is not completely described by the index: \(reason)"
        case .packCompressedInVersion1:
            return "has compressed blobs, which a version 1 repository cannot have"
        case .packHash: return "has contents that do not match its name"
        case .packHeader(_, let reason): return "has a wrong header: \(reason)"
        case .packIsAnother(_, let other):
            return "has the header of \(Handle(other).path): the name is not its own"
        case .blobsDamaged(_, let handles, let reason):
            return
                "has \(Count.text(handles.count, "damaged blob")), the first being \(handles.first?.id.short ?? ""): \(reason)"
        case .blobTooLong(_, let handle, let length):
            return
                "has \(Count.text(length)) bytes, more than the \(Count.text(handle.type.lengthMaximum)) that belay reads"
        case .treeLost(_, let reason): return reason.map { "cannot be read: \($0)" } ?? "is in no pack"
        case .dataMissing: return "is in no pack"
        case .treeIrregular(_, let irregularity): return "is irregular: \(irregularity)"
        case .wrongSize(_, let name, let size, let contentSize):
            return
                "says that '\(name)' has \(Count.text(size)) bytes, but its contents have \(Count.text(contentSize))"
        case .packUnknown(_, let length):
            return "is described by no index (\(ByteCount(length)))"
        case .packDescribedTwice: return "is described by more than one index file"
        case .packMixed: return "holds both data and trees"
        }
    }

    /// One imperative sentence with the command to type.
    package var advice: String {
        switch problem {
        case .indexUnreadable, .packDescription, .packDescribedTwice: "run `belay repair index`"
        case .snapshotUnreadable(let id, _):
            "put the file back from a copy of the repository, or run `belay forget \(id.short)`"
        case .keyUnreadable:
            "put the file back from a copy of the repository, or delete it and run `belay key add`"
        case .misnamed(_, _, isCopy: true): "move it away"
        case .misnamed(_, let handle, isCopy: false): "rename it to `\(handle.digest.hexadecimal)`"
        case .packMissing, .treeLost(_, nil), .dataMissing:
            "put the file back from a copy of the repository, or run `belay repair index`, then `belay repair snapshots`"
        case .packLength(let id, _, _), .packUnreadable(let id, _), .packHash(let id), .packHeader(let id, _),
            .blobsDamaged(let id, _, _):
            "put the file back from a copy of the repository, or run `belay repair packs \(id)`"
        case .packIsAnother(_, let other):
            "give it its name back: `\(Handle(other).path)`"
        case .blobTooLong: "restore what needs it with restic"
        case .packCompressedInVersion1: "upgrade the repository with `restic migrate upgrade_repo_v2`"
        case .treeLost, .treeIrregular, .wrongSize: "run `belay repair snapshots`"
        case .packUnknown, .packMixed: "run `belay cleanup`"
        }
    }
}

extension Finding: CustomStringConvertible {
    package var description: String { "\(subject) \(message)" }
}
