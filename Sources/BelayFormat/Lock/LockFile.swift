package import BelayCore

/// The content of a lock: who works in the repository since when, and whether alone.
package struct LockFile: Hashable, Sendable {
    /// When it was taken, or last refreshed.
    package var time: Timestamp
    /// Whether nobody else may work at the same time.
    package var isExclusive: Bool
    package var hostname: String
    package var username: String
    package var processID: Int64
    package var userID: UInt32
    package var groupID: UInt32
    /// Among which processes `processID` counts, see ``ProcessSpace``; empty in restic's locks, which have no such field.
    package var processSpace: String

    package init(
        time: Timestamp,
        isExclusive: Bool,
        hostname: String,
        username: String,
        processID: Int64,
        userID: UInt32 = 0,
        groupID: UInt32 = 0,
        processSpace: String = ""
    ) {
        self.time = time
        self.isExclusive = isExclusive
        self.hostname = hostname
        self.username = username
        self.processID = processID
        self.userID = userID
        self.groupID = groupID
        self.processSpace = processSpace
    }

    /// The plain text, in restic's order and without a newline; restic passes over the field that it does not know.
    package func encode() -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 256)
        writer.beginObject()
        writer.key("time")
        writer.timestamp(time)
        writer.key("exclusive")
        writer.boolean(isExclusive)
        writer.key("hostname")
        writer.string(hostname)
        writer.key("username")
        writer.string(username)
        writer.key("pid")
        writer.signed(processID)
        if userID != 0 {
            writer.key("uid")
            writer.unsigned(UInt64(userID))
        }
        if groupID != 0 {
            writer.key("gid")
            writer.unsigned(UInt64(groupID))
        }
        if !processSpace.isEmpty {
            writer.key("process_space")
            writer.string(processSpace)
        }
        writer.endObject()
        return writer.bytes
    }

    /// The lock in the plain text `bytes`; unknown fields and missing ones are accepted.
    package static func decode(_ bytes: [UInt8]) throws(FormatError) -> LockFile {
        try bytes.withBytes { (bytes) throws(FormatError) in
            var lock = LockFile(
                time: .missing,
                isExclusive: false,
                hostname: "",
                username: "",
                processID: 0
            )
            var reader = JSONReader(bytes, of: "lock")
            try reader.enterObject()
            while let key = try reader.nextKey() {
                if try reader.skipNull() { continue }
                switch key {
                case "time": lock.time = try reader.timestamp()
                case "exclusive": lock.isExclusive = try reader.boolean()
                case "hostname": lock.hostname = try reader.string().text
                case "username": lock.username = try reader.string().text
                case "pid": lock.processID = try reader.signed()
                case "uid": lock.userID = try reader.unsigned32()
                case "gid": lock.groupID = try reader.unsigned32()
                case "process_space": lock.processSpace = try reader.string().text
                default: try reader.skipValue()
                }
            }
            try reader.finish()
            return lock
        }
    }
}
