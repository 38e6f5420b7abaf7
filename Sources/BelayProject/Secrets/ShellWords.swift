/// Splits a command line into words as a shell would, without being one.
///
/// Quotes and backslashes work; variables, patterns, pipes and redirections are ordinary characters.
enum ShellWords {
    /// Why a command line cannot be split.
    enum Failure: Error, Equatable {
        case empty
        case unfinishedQuote(Character)
        case unfinishedEscape
    }

    /// The words of `line`; at least one.
    static func split(_ line: String) throws(Failure) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var rest = line[...]
        while let character = rest.popFirst() {
            switch (character, quote) {
            case ("'", "'"), ("\"", "\""):
                quote = nil
            case ("'", nil), ("\"", nil):
                quote = character
                word = word ?? ""
            case ("\\", nil), ("\\", "\""):
                guard let next = rest.popFirst() else { throw .unfinishedEscape }
                // Between double quotes a backslash is itself unless it protects something.
                let isItself = quote != nil && !["\\", "\"", "$", "`", "\n"].contains(next)
                if next != "\n" { word = (word ?? "") + (isItself ? "\\" : "") + String(next) }
            case (_, nil) where character.isWhitespace:
                if let finished = word { words.append(finished) }
                word = nil
            default:
                word = (word ?? "") + String(character)
            }
        }
        if let quote { throw .unfinishedQuote(quote) }
        if let word { words.append(word) }
        guard !words.isEmpty else { throw .empty }
        return words
    }
}

extension ShellWords.Failure: CustomStringConvertible {
    var description: String {
        switch self {
        case .empty: "it is empty"
        case .unfinishedQuote(let quote): "a quotation begun with \(quote) does not end"
        case .unfinishedEscape: "it ends with a backslash"
        }
    }
}
