/// The known names closest to a mistyped one, for "did you mean".
package enum NearestName {
    /// Names longer than this are not compared; the cost grows with the product of the lengths.
    private static let lengthMaximum = 100

    /// The known name that was most likely meant; `nil` if none is close.
    package static func suggestion(for name: String, among known: some Sequence<String>) -> String? {
        suggestions(for: name, among: known, limit: 1).first
    }

    /// The known names that may have been meant, likeliest first, then in alphabetical order.
    ///
    /// Close is a name that a third of the letters, at least one, away is typed: by letters left out, put in,
    /// changed or exchanged with their neighbour; or one that begins with what was typed. Case does not
    /// count.
    package static func suggestions(
        for name: String,
        among known: some Sequence<String>,
        limit: Int = 3
    ) -> [String] {
        let typed = Array(name.lowercased())
        guard !typed.isEmpty, typed.count <= lengthMaximum, limit > 0 else { return [] }
        let threshold = max(1, typed.count / 3)
        var found: [(distance: Int, name: String)] = []
        for candidate in Set(known) {
            let letters = Array(candidate.lowercased())
            guard letters.count <= lengthMaximum else { continue }
            if typed.count >= 3 && letters.starts(with: typed) {
                // As close as a single wrong letter, whatever the length of what is missing.
                found.append((min(1, letters.count - typed.count), candidate))
            } else if abs(letters.count - typed.count) <= threshold {
                let distance = distance(typed, letters)
                if distance <= threshold && distance < max(typed.count, letters.count) {
                    found.append((distance, candidate))
                }
            }
        }
        return found.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(limit).map(\.name)
    }

    /// The number of letters left out, put in, changed, or exchanged with their neighbour, no place touched
    /// twice.
    package static func distance<Letter: Equatable>(_ left: [Letter], _ right: [Letter]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var current = [row + 1]
            current.reserveCapacity(right.count + 1)
            for (column, other) in right.enumerated() {
                var best = min(previous[column + 1], current[column]) + 1
                best = min(best, previous[column] + (letter == other ? 0 : 1))
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    best = min(best, beforePrevious[column - 1] + 1)
                }
                current.append(best)
            }
            beforePrevious = previous
            previous = current
        }
        return previous[right.count]
    }
}
