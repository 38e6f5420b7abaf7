/// A dump's table of contents, as `pg_restore --list` prints it.
package struct PostgresContents: Hashable, Sendable {
    /// Lines that make something.
    private let entries: [String]

    package init(_ list: String) {
        entries = list.split(separator: "\n").map(String.init).filter { !$0.hasPrefix(";") }
    }

    /// Roles that own something in it and are not among those given.
    package func owners(notAmong roles: [String]) -> Set<String> {
        let known = roles.map { " " + $0 }
        var missing: Set<String> = []
        for entry in entries where !known.contains(where: { entry.hasSuffix($0) }) {
            // Entries without an owner end with a blank.
            if entry.hasSuffix(" ") { continue }
            if let owner = entry.split(separator: " ").last { missing.insert(String(owner)) }
        }
        return missing
    }

    /// What makes the database itself, as a list for `pg_restore --use-list`.
    package var database: String {
        list([
            "DATABASE - ", "DATABASE PROPERTIES - ", "ACL - DATABASE ", "COMMENT - DATABASE ",
            "SECURITY LABEL - DATABASE ",
        ])
    }

    /// What names roles that need not own anything, as such a list.
    package var privileges: String {
        list(["ACL ", "DEFAULT ACL ", "POLICY ", "USER MAPPING ", "DATABASE PROPERTIES "])
    }

    private func list(_ kinds: [String]) -> String {
        entries.filter { entry in
            let words = entry.split(separator: " ", maxSplits: 3)
            return words.count == 4 && kinds.contains { words[3].hasPrefix($0) }
        }.map { $0 + "\n" }.joined()
    }
}
