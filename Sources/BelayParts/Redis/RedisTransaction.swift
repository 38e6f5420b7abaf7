import BelaySystem

/// A connection on which a whole state is queued as one transaction, in Redis' own protocol.
///
/// Nothing of it is done before ``commit()``, and then all of it in one step, for every client and in the server's
/// append-only file. If the connection ends before, as when belay is killed, nothing is done at all.
final class RedisTransaction {
    /// The name of the connection in the server's list of clients.
    let name: String
    /// How many commands the server must have queued.
    private(set) var queued = 0
    /// How many keys it makes.
    private(set) var keys = 0
    private let running: RunningCommand
    private var buffer: [UInt8] = []
    private var database: UInt64?
    private var libraries: [UInt8] = []

    private static let bufferMaximum = 256 << 10

    init(_ client: RedisClient) throws {
        running = try client.piping()
        name = "belay-\(UInt64.random(in: 0...UInt64.max))"
        try send(["CLIENT", "SETNAME", name])
        try send(["MULTI"])
    }

    /// Ends it; unless it was committed, nothing is done.
    deinit { running.end() }

    /// Queues that logical databases are emptied, one by one, and that functions are forgotten.
    ///
    /// Not by `FLUSHALL`, which would also write the server's file anew, empty, before the new state is there.
    func empty(databases count: UInt64, andFunctions hasFunctions: Bool) throws {
        for number in 0..<count {
            try select(number)
            try queue(["FLUSHDB"])
        }
        if hasFunctions { try queue(["FUNCTION", "FLUSH"]) }
    }

    /// Queues what an RDB file holds; gives the version of its format.
    func restore(_ path: String) throws -> UInt16 {
        let file = try OpenFile.reading(path: path)
        var reader = RDBReader(recordsEntries: true)
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { room.deallocate() }
        while true {
            let count = try file.read(into: room)
            if count == 0 { break }
            _ = try reader.take(UnsafeRawBufferPointer(rebasing: room[..<count])) { try restore($0) }
        }
        guard reader.isComplete else { throw RedisFailure("its RDB stream is not whole") }
        if !libraries.isEmpty {
            let payload = Self.payload(libraries, reader.version)
            try queue(["FUNCTION", "RESTORE"].map { Array($0.utf8) } + [payload])
        }
        try flush()
        return reader.version
    }

    private func restore(_ entry: RDBReader.Entry) throws {
        switch entry {
        case .key(let key):
            try select(key.database)
            let payload = Self.payload([key.type] + key.value, key.version)
            let words = [Array("RESTORE".utf8), key.name, Array("\(key.expires ?? 0)".utf8), payload]
            try queue(words + ["REPLACE", "ABSTTL"].map { Array($0.utf8) })
            keys += 1
        case .library(let bytes): libraries += bytes
        case .moduleData: throw RedisFailure("it holds data of a module, which only a replica can take over")
        }
    }

    private func select(_ number: UInt64) throws {
        if database == number { return }
        database = number
        try queue(["SELECT", "\(number)"])
    }

    /// As `DUMP` would give it: with the version of the format, and a checksum of all.
    private static func payload(_ bytes: [UInt8], _ version: UInt16) -> [UInt8] {
        var payload = bytes + [UInt8(version & 0xFF), UInt8(version >> 8)]
        var checksum = RDBChecksum()
        payload.withUnsafeBytes { checksum.update($0) }
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            payload.append(UInt8(truncatingIfNeeded: checksum.value >> shift))
        }
        return payload
    }

    /// Lets the server do all of it, as soon as it takes writes again.
    func commit() throws {
        try send(["EXEC"])
        try flush()
    }

    /// Lets the server forget all of it.
    ///
    /// - Throws: ``RedisFailure`` with what the server refused before, if it did.
    func discard() throws {
        try send(["DISCARD"])
        try flush()
        try finish()
    }

    /// Waits until the server has answered everything.
    ///
    /// - Throws: ``RedisFailure`` with the first of the server's words if it refused something.
    func finish() throws {
        guard try running.finish().isSuccess else {
            let lines = running.said.split(whereSeparator: \.isNewline)
            throw RedisFailure(said: lines.first.map(String.init) ?? "")
        }
    }

    private func queue(_ words: [String]) throws { try queue(words.map { Array($0.utf8) }) }

    private func queue(_ words: [[UInt8]]) throws {
        try send(words)
        queued += 1
    }

    private func send(_ words: [String]) throws { try send(words.map { Array($0.utf8) }) }

    private func send(_ words: [[UInt8]]) throws {
        buffer += Array("*\(words.count)\r\n".utf8)
        for word in words { buffer += Array("$\(word.count)\r\n".utf8) + word + [0x0D, 0x0A] }
        if buffer.count > Self.bufferMaximum { try flush() }
    }

    private func flush() throws {
        do {
            try buffer.withUnsafeBytes { try running.write($0) }
        } catch is SystemError {
            // It has ended; what it said tells why.
            try finish()
            throw RedisFailure("redis-cli ended too early")
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
