package import BelayCore
package import BelayRepository
import BelaySystem
package import BelayWorkflows

/// The keys of a repository.
package struct KeyListDocument: ReportDocument {
    package struct Item: Encodable, Sendable {
        package let id: String
        package let shortID: String
        package let current: Bool
        package let userName: String
        package let hostName: String
        package let created: String
        fileprivate let localTime: String
        fileprivate let age: String

        private enum CodingKeys: String, CodingKey {
            case id
            case shortID = "short_id"
            case current, userName, hostName, created
        }
    }

    package let keys: [Item]

    package init(_ keys: [KeyEntry], in workspace: Workspace) {
        let now = workspace.clock.now()
        self.keys = keys.map {
            Item(
                id: $0.id.hexadecimal,
                shortID: $0.id.short,
                current: $0.isCurrent,
                userName: $0.username,
                hostName: $0.hostname,
                created: InstantText.of($0.created),
                localTime: $0.created.localText(in: workspace.zone),
                age: Age.text(of: $0.created, now: now)
            )
        }
    }

    package func encode(to encoder: any Encoder) throws {
        try keys.encode(to: encoder)
    }

    package func text(_ style: TextStyle) -> String {
        var table = TextTable(
            [.left, .left, .left, .left, .left],
            header: ["KEY", "USER", "HOST", "CREATED", "AGE"]
        )
        for key in keys {
            table.add([
                (key.current ? "*" : " ") + key.shortID, PrintableText.of(key.userName),
                PrintableText.of(key.hostName), key.localTime, key.age,
            ])
        }
        return (table.lines + ["", "* opened the repository just now"]).joined(separator: "\n")
    }
}

/// A change to the keys.
package struct KeyChangeDocument: ReportDocument {
    package enum Change: String, Encodable, Sendable {
        case added
        case removed
        case changed
    }

    package let change: Change
    package let id: String

    package init(_ change: Change, _ id: KeyID) {
        self.change = change
        self.id = id.hexadecimal
    }

    package func text(_ style: TextStyle) -> String {
        switch change {
        case .added: "added key \(id.prefix(8)); take it back with: belay key remove \(id.prefix(8))"
        case .removed: "removed key \(id.prefix(8)); its password opens the repository no more"
        case .changed: "changed the password; the key in use is now \(id.prefix(8))"
        }
    }

    package func quietText(_ style: TextStyle) -> String { "" }
}

/// A recovery key, on a sheet to keep.
package struct RecoveryDocument: ReportDocument {
    package let id: String
    package let recoveryKey: String
    package let isNew: Bool
    private let sheet: String

    private enum CodingKeys: String, CodingKey {
        case id
        case recoveryKey = "recovery_key"
        case isNew = "new"
    }

    package init(id: KeyID, groups: [String], sheet: String, isNew: Bool) {
        self.id = id.hexadecimal
        recoveryKey = groups.joined(separator: " ")
        self.sheet = sheet
        self.isNew = isNew
    }

    package func text(_ style: TextStyle) -> String { sheet }
}

/// Locks that were removed.
package struct UnlockDocument: ReportDocument {
    package let removed: Int
    package let unreadable: [String]

    package init(_ result: UnlockResult) {
        removed = result.removed
        unreadable = result.unreadable.map(\.path)
    }

    package func text(_ style: TextStyle) -> String {
        var lines = [removed == 0 ? "no left-over locks" : "removed \(Count.text(removed, "lock"))"]
        for path in unreadable { lines.append("\(style.warning("unreadable"))  \(path), which stays") }
        if !unreadable.isEmpty {
            lines.append("if nobody works in the repository: belay unlock --remove-all")
        }
        return lines.joined(separator: "\n")
    }

    package func quietText(_ style: TextStyle) -> String { "" }
}

/// What lies in the caches.
package struct CacheDocument: ReportDocument {
    package struct Item: Encodable, Sendable {
        package let path: String
        package let bytes: UInt64

        package init(path: String, bytes: UInt64) {
            self.path = path
            self.bytes = bytes
        }
    }

    package let folder: String
    package let items: [Item]
    package let isCleared: Bool

    private enum CodingKeys: String, CodingKey {
        case folder, items
        case isCleared = "cleared"
    }

    package init(folder: String, items: [Item], isCleared: Bool) {
        self.folder = folder
        self.items = items
        self.isCleared = isCleared
    }

    package func text(_ style: TextStyle) -> String {
        let total = ByteCount(items.reduce(0) { $0 + $1.bytes })
        if isCleared { return "cleared \(total) of caches in \(PrintableText.of(folder))" }
        var table = TextTable([.left, .right], header: ["CACHE", "SIZE"])
        for item in items { table.add([PrintableText.of(item.path), "\(ByteCount(item.bytes))"]) }
        return
            (table.lines + ["", "\(total) in \(PrintableText.of(folder)); safe to delete: belay cache clear"])
            .joined(
                separator: "\n"
            )
    }

    package func quietText(_ style: TextStyle) -> String { isCleared ? "" : text(style) }
}
