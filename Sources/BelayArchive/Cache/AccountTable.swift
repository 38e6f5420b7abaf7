import BelayCore
import BelaySystem
import Synchronization

/// Names of users and groups, asked of the system once each.
final class AccountTable: Sendable {
    private struct Names {
        var users: [UInt32: String] = [:]
        var groups: [UInt32: String] = [:]
    }

    private let names = Mutex(Names())

    func user(_ id: UInt32) -> String {
        names.withLock { names in
            if let name = names.users[id] { return name }
            let name = AccountNames.user(id)
            names.users[id] = name
            return name
        }
    }

    func group(_ id: UInt32) -> String {
        names.withLock { names in
            if let name = names.groups[id] { return name }
            let name = AccountNames.group(id)
            names.groups[id] = name
            return name
        }
    }

    /// Every pair of number and name that was asked for, in a fixed order.
    ///
    /// A cache remembers it: if an account was renamed since, trees that look unchanged are not.
    var known: [AccountName] {
        names.withLock { names in
            let users = names.users.map { AccountName(isGroup: false, id: $0.key, name: $0.value) }
            let groups = names.groups.map { AccountName(isGroup: true, id: $0.key, name: $0.value) }
            return users.sorted { $0.id < $1.id } + groups.sorted { $0.id < $1.id }
        }
    }
}

/// The name that an account had.
struct AccountName: Hashable {
    var isGroup: Bool
    var id: UInt32
    var name: String
}
