package import BelayCore

/// Snapshots as the JSON text of their files, before compression and sealing.
package enum SnapshotCoding {
    /// The text, in restic's order and without a newline.
    package static func encode(_ snapshot: Snapshot) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 1024)
        writer.beginObject()
        writer.key("time")
        writer.timestamp(snapshot.time)
        writer.optional("parent", snapshot.parent?.digest)
        writer.key("tree")
        writer.digest(snapshot.tree.digest)
        writer.key("paths")
        writer.strings(snapshot.paths)
        writer.nonEmpty("hostname", snapshot.hostname)
        writer.nonEmpty("username", snapshot.username)
        writer.nonZero("uid", UInt64(snapshot.userID))
        writer.nonZero("gid", UInt64(snapshot.groupID))
        writer.nonEmpty("excludes", snapshot.excludes)
        writer.nonEmpty("tags", snapshot.tags)
        writer.optional("original", snapshot.original?.digest)
        writer.nonEmpty("program_version", snapshot.programVersion)
        if let summary = snapshot.summary {
            writer.key("summary")
            write(summary, to: &writer)
        }
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ summary: Snapshot.Summary, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("backup_start")
        writer.timestamp(summary.backupStart)
        writer.key("backup_end")
        writer.timestamp(summary.backupEnd)
        writer.member("files_new", summary.filesNew)
        writer.member("files_changed", summary.filesChanged)
        writer.member("files_unmodified", summary.filesUnmodified)
        writer.member("dirs_new", summary.directoriesNew)
        writer.member("dirs_changed", summary.directoriesChanged)
        writer.member("dirs_unmodified", summary.directoriesUnmodified)
        writer.member("data_blobs", summary.dataBlobs)
        writer.member("tree_blobs", summary.treeBlobs)
        writer.member("data_added", summary.dataAdded)
        writer.member("data_added_packed", summary.dataAddedPacked)
        writer.member("total_files_processed", summary.totalFilesProcessed)
        writer.member("total_bytes_processed", summary.totalBytesProcessed)
        writer.endObject()
    }

    /// The snapshot in `bytes`; only `tree` must be there, and unknown fields are accepted.
    package static func decode(_ bytes: [UInt8]) throws(FormatError) -> Snapshot {
        try bytes.withBytes { (bytes) throws(FormatError) in
            // The tree is checked to have been read.
            var snapshot = Snapshot(time: .missing, tree: BlobID(Digest(0, 0, 0, 0)), paths: [])
            var hasTree = false
            var reader = JSONReader(bytes, of: "snapshot")
            try reader.enterObject()
            while let key = try reader.nextKey() {
                if try reader.skipNull() { continue }
                switch key {
                case "time": snapshot.time = try reader.timestamp()
                case "parent": snapshot.parent = SnapshotID(try reader.digest())
                case "tree":
                    snapshot.tree = BlobID(try reader.digest())
                    hasTree = true
                case "paths": snapshot.paths = try reader.strings()
                case "hostname": snapshot.hostname = try reader.string().text
                case "username": snapshot.username = try reader.string().text
                case "uid": snapshot.userID = try reader.unsigned32()
                case "gid": snapshot.groupID = try reader.unsigned32()
                case "excludes": snapshot.excludes = try reader.strings()
                case "tags": snapshot.tags = try reader.strings()
                case "original": snapshot.original = SnapshotID(try reader.digest())
                case "program_version": snapshot.programVersion = try reader.string().text
                case "summary": snapshot.summary = try readSummary(&reader)
                default: try reader.skipValue()
                }
            }
            try reader.finish()
            guard hasTree else { throw .malformed(what: "snapshot", detail: "it names no tree") }
            return snapshot
        }
    }

    private static func readSummary(_ reader: inout JSONReader) throws(FormatError) -> Snapshot.Summary {
        var summary = Snapshot.Summary()
        try reader.enterObject()
        while let key = try reader.nextKey() {
            if try reader.skipNull() { continue }
            switch key {
            case "backup_start": summary.backupStart = try reader.timestamp()
            case "backup_end": summary.backupEnd = try reader.timestamp()
            case "files_new": summary.filesNew = try reader.unsigned()
            case "files_changed": summary.filesChanged = try reader.unsigned()
            case "files_unmodified": summary.filesUnmodified = try reader.unsigned()
            case "dirs_new": summary.directoriesNew = try reader.unsigned()
            case "dirs_changed": summary.directoriesChanged = try reader.unsigned()
            case "dirs_unmodified": summary.directoriesUnmodified = try reader.unsigned()
            case "data_blobs": summary.dataBlobs = try reader.unsigned()
            case "tree_blobs": summary.treeBlobs = try reader.unsigned()
            case "data_added": summary.dataAdded = try reader.unsigned()
            case "data_added_packed": summary.dataAddedPacked = try reader.unsigned()
            case "total_files_processed": summary.totalFilesProcessed = try reader.unsigned()
            case "total_bytes_processed": summary.totalBytesProcessed = try reader.unsigned()
            default: try reader.skipValue()
            }
        }
        return summary
    }
}

extension JSONReader {
    /// The strings of the array that must come next.
    package mutating func strings() throws(FormatError) -> [String] {
        var values: [String] = []
        try enterArray()
        while try nextElement() { values.append(try skipNull() ? "" : string().text) }
        return values
    }
}

extension JSONWriter {
    /// Writes an array of strings.
    package mutating func strings(_ values: [String]) {
        beginArray()
        for value in values { string(value) }
        endArray()
    }

    /// A member with a number.
    mutating func member(_ name: StaticString, _ value: UInt64) {
        key(name)
        unsigned(value)
    }

    /// A member with a number, left out if that is 0.
    mutating func nonZero(_ name: StaticString, _ value: UInt64) {
        if value != 0 { member(name, value) }
    }

    /// A member with a string, left out if that is empty.
    mutating func nonEmpty(_ name: StaticString, _ value: String) {
        guard !value.isEmpty else { return }
        key(name)
        string(value)
    }

    /// A member with strings, left out if there are none.
    mutating func nonEmpty(_ name: StaticString, _ values: [String]) {
        guard !values.isEmpty else { return }
        key(name)
        strings(values)
    }

    /// A member with a digest, left out if there is none.
    mutating func optional(_ name: StaticString, _ value: Digest?) {
        guard let value else { return }
        key(name)
        digest(value)
    }
}
