import Foundation

/// A file of the project, with its Swift code apart from its comments and texts.
struct SourceFile: Sendable {
    /// From the project's root, such as `Sources/BelayCore/Version.swift`.
    let path: String
    let lines: [String]
    /// The same lines with comments and the contents of string literals blanked out; empty unless it is Swift.
    let code: [String]

    /// The target it belongs to: the second component of its path.
    var module: String {
        let components = path.split(separator: "/")
        return components.count > 1 ? String(components[1]) : ""
    }

    var isTest: Bool { path.hasPrefix("Tests/") }

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        code = path.hasSuffix(".swift") ? CodeOnly.lines(text) : []
    }

    var lineCount: Int { lines.last == "" ? lines.count - 1 : lines.count }

    /// Names a line, counted from 0, for a person.
    func place(_ index: Int) -> String {
        "\(path):\(index + 1): \(lines[index].trimmingCharacters(in: .whitespaces))"
    }

    /// Whether the line, or one of the `count` before it, holds `text`.
    func isNear(_ index: Int, _ text: String, within count: Int) -> Bool {
        lines[max(0, index - count)...index].contains { $0.holds(text) }
    }
}

extension String {
    /// Whether the bytes of `word` stand somewhere in it.
    func holds(_ word: String) -> Bool {
        guard let first = word.utf8.first else { return true }
        var rest = utf8[...]
        while let start = rest.firstIndex(of: first) {
            rest = rest[start...]
            if rest.starts(with: word.utf8) { return true }
            rest = rest.dropFirst()
        }
        return false
    }
}

extension SourceFile {
    /// The project's root.
    static let root: URL = {
        var url = URL(filePath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url
    }()

    /// Every file below the folders, in the order of their paths.
    static func all(below folders: [String], withExtensions extensions: Set<String>) throws -> [SourceFile] {
        var found: [SourceFile] = []
        for folder in folders {
            let names = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)
            for name in names.sorted() where extensions.contains(URL(filePath: name).pathExtension) {
                let path = "\(folder)/\(name)"
                let bytes = try Data(contentsOf: root.appending(path: path))
                // Fixtures may hold anything; what is no text is not looked at.
                guard let text = String(data: bytes, encoding: .utf8) else { continue }
                found.append(SourceFile(path: path, text: text))
            }
        }
        return found
    }

    /// All Swift sources of the package and its tests.
    static let swift: [SourceFile] = {
        // A failure leaves the list empty, which a test notices.
        (try? all(below: ["Sources", "Tests"], withExtensions: ["swift"])) ?? []
    }()

    static var shipped: [SourceFile] { swift.filter { !$0.isTest } }
}

/// Blanks out comments and the contents of string literals, keeping lines and columns.
private struct CodeOnly {
    private let bytes: [UInt8]
    private var position = 0
    private var output: [UInt8] = []

    static func lines(_ text: String) -> [String] {
        var scanner = CodeOnly(bytes: Array(text.utf8))
        scanner.scanCode(isInterpolation: false)
        return scanner.output.split(separator: newline, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
        output.reserveCapacity(bytes.count)
    }

    /// Scans code up to its end, or up to the parenthesis that closes an interpolation.
    private mutating func scanCode(isInterpolation: Bool) {
        var depth = 0
        while position < bytes.count {
            if sees("//") {
                while position < bytes.count, bytes[position] != newline { blank(1) }
            } else if sees("/*") {
                scanBlockComment()
            } else if let hashes = literalHashes() {
                scanLiteral(hashes: hashes)
            } else {
                if bytes[position] == UInt8(ascii: "(") { depth += 1 }
                if bytes[position] == UInt8(ascii: ")") {
                    depth -= 1
                    if isInterpolation && depth < 0 { return }
                }
                keep(1)
            }
        }
    }

    /// The number of `#` of the string literal that begins here; `nil` if none does.
    private func literalHashes() -> Int? {
        var end = position
        while end < bytes.count, bytes[end] == UInt8(ascii: "#") { end += 1 }
        return end < bytes.count && bytes[end] == UInt8(ascii: "\"") ? end - position : nil
    }

    private mutating func scanLiteral(hashes: Int) {
        let marks = String(repeating: "#", count: hashes)
        let quotes = sees(marks + "\"\"\"") ? "\"\"\"" : "\""
        keep(hashes + quotes.utf8.count)
        while position < bytes.count {
            if sees(quotes + marks) {
                keep(quotes.utf8.count + hashes)
                return
            }
            if sees("\\" + marks + "(") {
                blank(hashes + 2)
                scanCode(isInterpolation: true)
                blank(1)
            } else {
                blank(sees("\\" + marks) ? hashes + 2 : 1)
            }
        }
    }

    private mutating func scanBlockComment() {
        var depth = 0
        repeat {
            if sees("/*") {
                depth += 1
                blank(2)
            } else if sees("*/") {
                depth -= 1
                blank(2)
            } else {
                blank(1)
            }
        } while depth > 0 && position < bytes.count
    }

    private func sees(_ text: String) -> Bool {
        bytes[position...].starts(with: text.utf8)
    }

    private mutating func keep(_ count: Int) {
        let end = min(position + count, bytes.count)
        output += bytes[position..<end]
        position = end
    }

    private mutating func blank(_ count: Int) {
        let end = min(position + count, bytes.count)
        for byte in bytes[position..<end] { output.append(byte == newline ? newline : UInt8(ascii: " ")) }
        position = end
    }
}

private let newline = UInt8(ascii: "\n")
