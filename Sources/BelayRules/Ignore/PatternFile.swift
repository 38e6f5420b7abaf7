/// The text of a file of patterns, as `--exclude-file` takes it and restic reads it.
package enum PatternFile {
    /// The patterns in `text`: one a line, white space around it dropped, without empty lines and those that begin
    /// with `#`.
    ///
    /// `$NAME` and `${NAME}` stand for what `variable` gives, nothing if it gives nothing; `$$` stands for `$`.
    package static func patterns(in text: String, variable: (String) -> String?) -> [String] {
        let scalars = text.unicodeScalars
        let plain = scalars.first == "\u{FEFF}" ? scalars.dropFirst() : scalars[...]
        return plain.split(separator: "\n").compactMap { line in
            let words = line.split(whereSeparator: \.properties.isWhitespace)
            guard let first = words.first, let last = words.last, first.first != "#" else { return nil }
            return expanded(line[first.startIndex..<last.endIndex], variable)
        }
    }

    /// As Go's `os.Expand` does it.
    private static func expanded(
        _ line: Substring.UnicodeScalarView,
        _ variable: (String) -> String?
    ) -> String {
        var result = String.UnicodeScalarView()
        var rest = line
        while let dollar = rest.firstIndex(of: "$") {
            result.append(contentsOf: rest[..<dollar])
            rest = rest[dollar...].dropFirst()
            let name: String
            if rest.first == "{" {
                // What is not closed or has no name says nothing.
                guard let end = rest.firstIndex(of: "}") else {
                    rest = rest.dropFirst()
                    continue
                }
                name = String(rest[rest.startIndex..<end].dropFirst())
                rest = rest[end...].dropFirst()
            } else if let first = rest.first, isSpecial(first) {
                name = String(first)
                rest = rest.dropFirst()
            } else {
                name = String(rest.prefix(while: isLetter))
                // A dollar before anything else stands for itself.
                if name.isEmpty { result.append("$") }
                rest = rest.drop(while: isLetter)
            }
            let value = name == "$" ? "$" : name.isEmpty ? nil : variable(name)
            if let value { result.append(contentsOf: value.unicodeScalars) }
        }
        result.append(contentsOf: rest)
        return String(result)
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_": true
        default: false
        }
    }

    /// The names of a shell's own variables, which have one letter.
    private static func isSpecial(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "*", "#", "$", "@", "!", "?", "-", "0"..."9": true
        default: false
        }
    }
}
