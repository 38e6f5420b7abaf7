/// How text looks where it is shown.
///
/// Colour only repeats what the words say.
package struct TextStyle: Sendable {
    package let isColored: Bool
    /// Columns of the terminal; `nil` if it is none, and then nothing is shortened.
    package let columns: Int?

    package init(isColored: Bool, columns: Int?) {
        self.isColored = isColored
        self.columns = columns
    }

    /// For files and tests.
    package static let plain = TextStyle(isColored: false, columns: nil)

    package func failure(_ text: String) -> String { paint(text, "31;1") }
    package func warning(_ text: String) -> String { paint(text, "33;1") }
    package func hint(_ text: String) -> String { paint(text, "36") }
    package func success(_ text: String) -> String { paint(text, "32") }
    package func strong(_ text: String) -> String { paint(text, "1") }
    package func faint(_ text: String) -> String { paint(text, "2") }

    private func paint(_ text: String, _ code: String) -> String {
        isColored ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
