/// What a database that was loaded has otherwise than its snapshot's manifest tells.
package enum DatabaseComparison {
    /// One sentence for each difference; empty if there is none.
    ///
    /// A digest counts where both sides have one.
    package static func differences(
        _ stored: [Manifest.Table],
        _ loaded: [Manifest.Table]
    ) -> [String] {
        let before = Dictionary(stored.map { ($0.name, $0) }) { first, _ in first }
        let after = Dictionary(loaded.map { ($0.name, $0) }) { first, _ in first }
        var differences: [String] = []
        for table in stored.sorted(by: { $0.name < $1.name }) {
            guard let other = after[table.name] else {
                differences.append("table \(table.name) is missing")
                continue
            }
            if table.rows != other.rows {
                differences.append("table \(table.name) has \(other.rows) rows instead of \(table.rows)")
            } else if let digest = table.digest, let found = other.digest, digest != found {
                differences.append("table \(table.name) has other rows")
            }
        }
        for table in loaded.sorted(by: { $0.name < $1.name }) where before[table.name] == nil {
            differences.append("table \(table.name) was not there")
        }
        return differences
    }
}
