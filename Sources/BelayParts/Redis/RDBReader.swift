/// Reads along in an RDB stream: how many keys each logical database has, and whether the stream is whole.
///
/// It knows how each kind of value is laid out (Redis' rdb.h and rdb.c), so that it finds where the next key begins,
/// but not what values mean. A kind that it does not know ends it: what cannot be followed cannot be called whole.
package struct RDBReader {
    /// What the stream holds, as it comes.
    package enum Entry {
        case key(Key)
        /// A library of functions, as it stands in the stream.
        case library([UInt8])
        /// Something that a module keeps beside the keys.
        case moduleData
    }

    /// A key and its value, as it stands in the stream.
    package struct Key {
        var name: [UInt8]
        var type: UInt8
        var value: [UInt8]
        var database: UInt64
        /// In Unix milliseconds.
        var expires: UInt64?
        /// Version of the format.
        var version: UInt16
    }

    /// What comes next in the stream.
    private enum Step {
        case magic, opcode, string, length, double, compressed, moduleParts, checksum
        case skip(UInt64)
        case database
        case expiry(inSeconds: Bool)
        /// A length, and that many times these.
        case counted([Step])
        case times(UInt64, [Step])
    }

    private enum Kind {
        case none
        case key(UInt8)
        case note, library, moduleData
    }

    /// The version of the format.
    private(set) var version: UInt16 = 0
    /// The version of the server, as the stream tells it.
    private(set) var server: String?
    /// How many keys each logical database has.
    private(set) var keys: [UInt64: UInt64] = [:]
    /// Whether the end has come and the checksum was right.
    private(set) var isComplete = false
    /// Whether a module keeps something in it.
    private(set) var hasModuleData = false
    /// Whether the server writes no checksums.
    private(set) var isUnchecked = false

    private var steps: [Step] = [.magic]
    /// The start of something whose rest has not come yet.
    private var pending: [UInt8] = []
    private var checksum = RDBChecksum()
    private var database: UInt64 = 0
    private var expires: UInt64?
    private var kind = Kind.none
    private var recorded: [UInt8]?
    private let recordsEntries: Bool

    /// With `recordsEntries` keys and values are kept whole and handed out.
    package init(recordsEntries: Bool = false) { self.recordsEntries = recordsEntries }

    /// Takes the next bytes and tells how many of them belong to the stream: after its end, none.
    ///
    /// - Throws: ``RedisFailure`` if this is no RDB stream, or one that is too new.
    package mutating func take(
        _ bytes: UnsafeRawBufferPointer,
        entry: (Entry) throws -> Void = { _ in }
    ) throws -> Int {
        var position = 0
        while !isComplete, position < bytes.count {
            if case .skip(let count)? = steps.last {
                let step = Int(min(count, UInt64(bytes.count - position)))
                note(bytes[position..<position + step])
                position += step
                steps[steps.count - 1] = .skip(count - UInt64(step))
                if count == UInt64(step) { try ended(entry) }
                continue
            }
            // Taken out, so that it is not copied.
            var token: [UInt8] = []
            swap(&token, &pending)
            token.append(bytes[position])
            position += 1
            if try read(token, entry) { token.removeAll(keepingCapacity: true) }
            swap(&token, &pending)
        }
        return position
    }

    /// The counts as a manifest's tables.
    var counts: [(name: String, keys: UInt64)] {
        keys.sorted { $0.key < $1.key }.map { (name: "db\($0.key)", keys: $0.value) }
    }

    // MARK: - Steps

    private mutating func note(_ bytes: UnsafeRawBufferPointer.SubSequence) {
        checksum.update(UnsafeRawBufferPointer(rebasing: bytes))
        recorded?.append(contentsOf: bytes)
    }

    /// Does the next step with all bytes of it; `false` if they are not all there.
    private mutating func read(_ token: [UInt8], _ entry: (Entry) throws -> Void) throws -> Bool {
        guard let step = steps.last else { return true }
        switch step {
        case .magic: return try readMagic(token)
        case .checksum: return try readChecksum(token)
        case .expiry(let inSeconds):
            let size = inSeconds ? 4 : 8
            if token.count < size { return false }
            let number = Self.little(token)
            expires = inSeconds ? number * 1000 : number
            finish(token)
        case .double:
            finish(token)
            if token[0] < 253 { push([.skip(UInt64(token[0]))]) }
        case .opcode:
            finish(token)
            try begin(token[0])
        case .string:
            guard let length = try Self.length(token) else { return false }
            finish(token)
            push(try Self.rest(of: length))
        default:
            guard let length = try Self.length(token) else { return false }
            guard !length.isEncoding else { throw RedisFailure("its RDB stream is damaged") }
            finish(token)
            read(step, length.value)
        }
        try ended(entry)
        return true
    }

    /// The steps that are a number.
    private mutating func read(_ step: Step, _ number: UInt64) {
        switch step {
        case .database: database = number
        case .counted(let group): push([.times(number, group)])
        // Its size in the stream; its size once it is no longer compressed comes after.
        case .compressed: push([.length, .skip(number)])
        case .moduleParts:
            if number == 0 { return }
            let value: [Step] =
                switch number {
                case 3: [.skip(4)]
                case 4: [.skip(8)]
                case 5: [.string]
                default: [.length]
                }
            push(value + [.moduleParts])
        default: break
        }
    }

    /// Takes the present step away, and its bytes in.
    private mutating func finish(_ token: [UInt8]) {
        steps.removeLast()
        token.withUnsafeBytes { note($0[...]) }
    }

    /// Sets steps before those that wait, in their order.
    private mutating func push(_ next: [Step]) { steps.append(contentsOf: next.reversed()) }

    /// Puts away what is done with, and hands out what is whole.
    private mutating func ended(_ entry: (Entry) throws -> Void) throws {
        while let step = steps.last {
            switch step {
            case .skip(0): steps.removeLast()
            case .times(let count, let group):
                steps.removeLast()
                if count > 0 {
                    if count > 1 { steps.append(.times(count - 1, group)) }
                    push(group)
                }
            default: return
            }
        }
        // Between two entries.
        steps = [.opcode]
        try handOut(entry)
    }

    private mutating func handOut(_ entry: (Entry) throws -> Void) throws {
        defer {
            kind = .none
            recorded = nil
        }
        switch (kind, recorded) {
        case (.key(let type), let bytes):
            if let bytes {
                let (name, size) = try RDBString.read(bytes[...])
                let key = Key(
                    name: name,
                    type: type,
                    value: Array(bytes[size...]),
                    database: database,
                    expires: expires,
                    version: version
                )
                try entry(.key(key))
            }
            expires = nil
        case (.note, let bytes?):
            let (name, size) = try RDBString.read(bytes[...])
            if name == Array("redis-ver".utf8) || name == Array("valkey-ver".utf8) {
                server = String(decoding: try RDBString.read(bytes[size...]).text, as: UTF8.self)
            }
        case (.library, let bytes?): try entry(.library(bytes))
        case (.moduleData, _): try entry(.moduleData)
        default: break
        }
    }

    // MARK: - The layout

    private mutating func begin(_ code: UInt8) throws {
        switch code {
        case 0xFF: steps = [.checksum]
        case 0xFE: push([.database])
        case 0xFD: push([.expiry(inSeconds: true)])
        case 0xFC: push([.expiry(inSeconds: false)])
        case 0xFB: push([.length, .length])
        case 0xFA:
            kind = .note
            recorded = []
            push([.string, .string])
        case 0xF9: push([.skip(1)])
        case 0xF8: push([.length])
        case 0xF7:
            hasModuleData = true
            kind = .moduleData
            push([.length, .moduleParts])
        case 0xF5:
            kind = .library
            recorded = [code]
            push([.string])
        case 0xF4: push([.length, .length, .length])
        default:
            if code == 7 { hasModuleData = true }
            push([.string] + (try Self.layout(of: code)))
            keys[database, default: 0] += 1
            kind = .key(code)
            if recordsEntries { recorded = [] }
        }
    }

    /// What a value of that type is made of.
    private static func layout(of type: UInt8) throws -> [Step] {
        switch type {
        // Strings, and all that is kept as one.
        case 0, 9...13, 16, 17, 20: return [.string]
        case 1, 2, 14: return [.counted([.string])]
        case 3: return [.counted([.string, .double])]
        case 4: return [.counted([.string, .string])]
        case 5: return [.counted([.string, .skip(8)])]
        case 7: return [.length, .moduleParts]
        case 18: return [.counted([.length, .string])]
        case 15, 19, 21: return stream(type)
        case 24: return [.skip(8), .counted([.length, .string, .string])]
        case 25: return [.skip(8), .string]
        default:
            throw RedisFailure(
                "its RDB stream holds a value of the kind \(type), which is too new or too old for this belay"
            )
        }
    }

    private static func stream(_ type: UInt8) -> [Step] {
        let entry: [Step] = [.skip(16), .skip(8), .length]
        let consumer: [Step] = [.string, .skip(8)] + (type >= 21 ? [.skip(8)] : []) + [.counted([.skip(16)])]
        let group: [Step] =
            [.string, .length, .length] + (type >= 19 ? [.length] : []) + [
                .counted(entry), .counted(consumer),
            ]
        let numbers = [Step](repeating: .length, count: type >= 19 ? 8 : 3)
        return [.counted([.string, .string])] + numbers + [.counted(group)]
    }

    // MARK: - Beginning and end

    private mutating func readMagic(_ token: [UInt8]) throws -> Bool {
        let word = Array("REDIS".utf8)
        guard token.prefix(5).elementsEqual(word.prefix(token.count)) else {
            throw RedisFailure("what it gives is no RDB stream of Redis'")
        }
        if token.count < 9 { return false }
        guard let number = UInt16(String(decoding: token[5...], as: UTF8.self)), number >= 5 else {
            throw RedisFailure("its RDB stream is of a version that is not known")
        }
        version = number
        finish(token)
        steps = [.opcode]
        return true
    }

    private mutating func readChecksum(_ token: [UInt8]) throws -> Bool {
        if token.count < 8 { return false }
        let written = Self.little(token)
        isUnchecked = written == 0
        guard isUnchecked || written == checksum.value else {
            throw RedisFailure("the checksum of its RDB stream is wrong")
        }
        isComplete = true
        return true
    }

    private static func little(_ bytes: [UInt8]) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A length, or the kind of another encoding of a string; `nil` if not all of it is there.
    private static func length(_ token: [UInt8]) throws -> (value: UInt64, isEncoding: Bool)? {
        try RDBString.length(token[...]).map { (value: $0.value, isEncoding: $0.isEncoding) }
    }

    /// What follows the length of a string.
    private static func rest(of length: (value: UInt64, isEncoding: Bool)) throws -> [Step] {
        guard length.isEncoding else { return [.skip(length.value)] }
        switch length.value {
        case 0: return [.skip(1)]
        case 1: return [.skip(2)]
        case 2: return [.skip(4)]
        case 3: return [.compressed]
        default: throw RedisFailure("its RDB stream is damaged")
        }
    }
}
