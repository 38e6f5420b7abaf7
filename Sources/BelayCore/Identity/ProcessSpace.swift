/// Among which processes a process number means something: those of one boot of one machine that see each other.
///
/// Two containers of one machine may share a host name and not their processes; what has a number in one is dead or
/// somebody else in the other.
package struct ProcessSpace: Hashable, Sendable {
    /// Tells machines apart; empty if the machine has no identity.
    package var machine: String
    /// Tells the machine's starts apart.
    package var boot: String
    /// Tells containers apart.
    package var namespace: String

    package init(machine: String, boot: String, namespace: String) {
        self.machine = machine
        self.boot = boot
        self.namespace = namespace
    }

    /// The value that ``text`` gave; `nil` for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[1].isEmpty, !parts[2].isEmpty else { return nil }
        self.init(machine: String(parts[0]), boot: String(parts[1]), namespace: String(parts[2]))
    }

    package var text: String { "\(machine)/\(boot)/\(namespace)" }

    /// Whether every process of the other space has ended, as far as this one can tell: the machine has started anew.
    package func hasOutlived(_ other: ProcessSpace) -> Bool {
        !machine.isEmpty && machine == other.machine && boot != other.boot
    }
}
