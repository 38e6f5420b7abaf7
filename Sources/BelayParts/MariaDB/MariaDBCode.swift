/// What a database does by itself: its triggers, views, routines and events, as statements in the order of a dump.
///
/// They cannot be moved from one database to another as tables can. Each drops what it makes before, so that all of
/// them can be carried out again.
struct MariaDBCode: Hashable, Sendable {
    /// The table of a staged or kept database in which its code lies until it is needed; no dump holds it.
    static let table = "_belay_code"

    /// As bytes, because each is in the character set that a statement before it sets.
    var statements: [[UInt8]] = []

    /// As one text for the server.
    var script: [UInt8] { statements.reduce(into: []) { $0 += $1 + Array(";\n".utf8) } }

    /// Statements that put the code into its table in `database`.
    func storing(in database: String) -> [UInt8] {
        let table = "\(database.quotedName).\(Self.table)"
        var text = Array(
            """
            CREATE TABLE \(table) (place INT PRIMARY KEY, text LONGBLOB NOT NULL) ENGINE=InnoDB
              COMMENT='belay: triggers, views, routines and events of the tables in this database';
            START TRANSACTION;\n
            """.utf8
        )
        for (place, statement) in statements.enumerated() {
            text += Array("INSERT INTO \(table) VALUES (\(place), 0x".utf8)
            for byte in statement { text += [Self.digits[Int(byte >> 4)], Self.digits[Int(byte & 15)]] }
            text += Array(");\n".utf8)
        }
        return text + Array("COMMIT;\n".utf8)
    }

    private static let digits = Array("0123456789abcdef".utf8)

    /// A query that gives them back, a row each, in hexadecimal.
    static func reading(from database: String) -> String {
        "SELECT HEX(text) FROM \(database.quotedName).\(table) ORDER BY place"
    }

    /// What that query gave.
    init(hexadecimal rows: [String]) {
        statements = rows.map { row in
            let digits = row.utf8.map { UInt8($0 < 0x3A ? $0 - 0x30 : ($0 | 0x20) - 0x57) }
            return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        }
    }

    init() {}
}

/// The definitions in a dump, as people write them: without what mariadb-dump adds for the sake of old servers.
struct MariaDBSchemaText {
    /// Bytes; a larger one is not kept.
    private static let sizeMaximum = 16 << 20

    private var bytes: [UInt8] = []
    private var isTooLarge = false

    /// `nil` if there is none to keep.
    var text: String? { isTooLarge || bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self) }

    mutating func add(table statement: [UInt8]) {
        guard statement.starts(with: "CREATE ".utf8) else { return }
        var text = String(decoding: statement, as: UTF8.self)
        // Where a table stands in numbering its rows is no part of its definition.
        if let options = text.ranges(of: "\n) ENGINE=").last,
            let number = text[options.lowerBound...].firstRange(of: " AUTO_INCREMENT=")
        {
            let end = text[number.upperBound...].firstIndex { !$0.isNumber } ?? text.endIndex
            text.removeSubrange(number.lowerBound..<end)
        }
        append(text)
    }

    mutating func add(code statement: [UInt8]) {
        // In place of a view, until what it reads is there.
        if statement.starts(with: "/*!50001 CREATE VIEW".utf8) { return }
        let text = Self.plain(String(decoding: statement, as: UTF8.self))
        if text.hasPrefix("CREATE ") { append(text + ";\n") }
    }

    private mutating func append(_ text: String) {
        if bytes.count + text.utf8.count > Self.sizeMaximum { isTooLarge = true }
        if !isTooLarge { bytes += Array(text.utf8) + [0x0A] }
    }

    /// Without `/*!50003 … */` around, and without the name of who defined it and how a view is computed.
    private static func plain(_ text: String) -> String {
        var pieces: [Substring] = []
        var rest = text[...]
        while rest.hasPrefix("/*!5") {
            let inside = rest.dropFirst(3).drop { $0.isNumber }
            guard let end = inside.firstRange(of: "*/") else {
                pieces.append(inside)
                rest = ""
                break
            }
            let piece = inside[..<end.lowerBound]
            if piece.hasPrefix(" CREATE") {
                pieces.append("CREATE")
            } else if !piece.hasPrefix(" DEFINER=") {
                pieces.append(piece)
            }
            rest = inside[end.upperBound...].drop { $0.isWhitespace }
        }
        pieces.append(rest)
        var plain = pieces.map { $0.drop { $0 == " " } }.filter { !$0.isEmpty }.joined(separator: " ")
        if plain.hasPrefix("CREATE DEFINER="), let host = plain.firstRange(of: "`@`"),
            let end = plain[host.upperBound...].firstRange(of: "` ")
        {
            plain.replaceSubrange(..<end.upperBound, with: "CREATE ")
        }
        while plain.last?.isWhitespace == true { plain.removeLast() }
        return plain
    }
}
