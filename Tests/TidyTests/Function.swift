/// A function or initializer with a body.
struct Function: Sendable {
    /// Such as `func store`, `init`.
    let name: String
    /// Where it begins, counted from 0.
    let line: Int
    let lineCount: Int

    /// The functions of a file, found by their braces.
    static func all(in file: SourceFile) -> [Function] {
        let words = ["func ", "init", "subscript"]
        return file.code.indices.compactMap { index in
            let line = file.code[index]
            guard words.contains(where: line.holds), !line.holds(".init"),
                let match = line.firstMatch(of: /\b(func\s+\S+?|init\??|subscript)\s*[<(\{]/),
                let end = bodyEnd(file.code, from: index)
            else { return nil }
            return Function(name: String(match.1), line: index, lineCount: end - index + 1)
        }
    }

    /// The line of the brace that closes the body which begins at or after a line; `nil` if there is no body.
    private static func bodyEnd(_ code: [String], from start: Int) -> Int? {
        var depth = 0
        var hasBody = false
        for index in start..<code.count {
            // A requirement of a protocol ends where the next declaration begins.
            if !hasBody, index > start, code[index].contains(/\b(?:func|var|let|init)\b/) { return nil }
            for byte in code[index].utf8 {
                if byte == UInt8(ascii: "{") {
                    depth += 1
                    hasBody = true
                } else if byte == UInt8(ascii: "}") {
                    depth -= 1
                    if depth <= 0 { return hasBody ? index : nil }
                }
            }
        }
        return nil
    }
}
