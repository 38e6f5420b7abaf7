/// A text of a command's definition, whose line breaks are those of the source.
///
/// A blank line parts paragraphs. Lines that are indented stay as they are: commands, tables.
struct Paragraphs: Sendable {
    enum Paragraph: Sendable {
        case text(String)
        case verbatim([String])
    }

    let paragraphs: [Paragraph]

    init(_ text: String) {
        paragraphs = text.split(separator: "\n", omittingEmptySubsequences: false)
            .split { $0.allSatisfy { $0 == " " } }
            .map { lines in
                if lines.allSatisfy({ $0.hasPrefix("  ") }) {
                    return .verbatim(lines.map { String($0.dropFirst(2)) })
                }
                return .text(lines.joined(separator: " "))
            }
    }

    /// The text with each paragraph on one line, to be broken where it is shown.
    var flowing: String {
        paragraphs.map { paragraph in
            switch paragraph {
            case .text(let text): text
            case .verbatim(let lines): lines.map { "  \($0)" }.joined(separator: "\n")
            }
        }.joined(separator: "\n\n")
    }

    /// Everything in one paragraph.
    var joined: String {
        paragraphs.map { paragraph in
            switch paragraph {
            case .text(let text): text
            case .verbatim(let lines): lines.joined(separator: " ")
            }
        }.joined(separator: " ")
    }
}

extension String {
    /// A text that is broken to fit the terminal and not where the source breaks it: ArgumentParser would do both.
    static func flowing(_ text: String) -> String { Paragraphs(text).flowing }
}
