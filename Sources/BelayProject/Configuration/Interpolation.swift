/// Puts environment variables into a text: `${NAME}` is the value of `NAME`, and `$${` stands for `${`.
///
/// Every other dollar sign is an ordinary character. What a variable holds is not looked at again.
enum Interpolation {
    /// A text with its variables in place, or what kept them from it.
    struct Result {
        var text: String
        /// Whether any variable was used, so that the text must not be shown.
        var hasVariables = false
        /// Names that the environment does not have.
        var missing: [String] = []
        /// Whether a `${` is not followed by a name and `}`.
        var isMalformed = false
    }

    static func expand(_ text: String, environment: [String: String]) -> Result {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return Result(text: text) }
        var result = Result(text: "")
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result.text += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                result.text += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                rest = rest.dropFirst(2)
                guard let brace = rest.firstIndex(of: "}"), isName(rest[..<brace]) else {
                    result.isMalformed = true
                    return result
                }
                let name = String(rest[..<brace])
                rest = rest[rest.index(after: brace)...]
                result.hasVariables = true
                if let value = environment[name] {
                    result.text += value
                } else if !result.missing.contains(name) {
                    result.missing.append(name)
                }
            } else {
                result.text += "$"
                rest = rest.dropFirst()
            }
        }
        result.text += rest
        return result
    }

    private static func isName(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
            default: false
            }
        }
    }
}
