/// Columns of text, aligned.
package struct TextTable: Sendable {
    package enum Alignment: Sendable {
        case left
        case right
    }

    private let alignments: [Alignment]
    private var rows: [[String]] = []

    package init(_ alignments: [Alignment], header: [String] = []) {
        self.alignments = alignments
        if !header.isEmpty { rows.append(header) }
    }

    package mutating func add(_ cells: [String]) {
        rows.append(cells)
    }

    /// The lines, two spaces between columns, no spaces at the end.
    package var lines: [String] {
        var widths = [Int](repeating: 0, count: alignments.count)
        for row in rows {
            for (column, cell) in row.enumerated() where column < widths.count {
                widths[column] = max(widths[column], cell.count)
            }
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() where column < widths.count {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                if column > 0 { line += "  " }
                line += alignments[column] == .right ? padding + cell : cell + padding
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
