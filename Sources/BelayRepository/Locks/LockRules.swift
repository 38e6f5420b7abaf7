package import BelayCore
package import BelayFormat
package import BelaySystem

/// What a lock on the repository allows its holder, and what it forbids others.
package enum LockMode: Hashable, Sendable {
    /// Others may read and add; nobody may remove.
    case shared
    /// Nobody else may do anything.
    case exclusive
}

/// Which locks stand in the way of which, and which are left over.
///
/// Pure: the present moment and whether a process lives are arguments.
package enum LockRules {
    /// A lock not refreshed for so long belongs to nobody.
    static let staleAfterSeconds: Int64 = 30 * 60
    /// A holder writes its lock anew this often.
    static let refreshSeconds: Int64 = 5 * 60
    /// After so long without a refresh the holder must not rely on its lock any more.
    static let lostAfterSeconds: Int64 = staleAfterSeconds - refreshSeconds * 3 / 2
    /// How long a slow store may take to show a new file in its listings.
    static let settleMilliseconds = 200

    /// Whether a lock is left over: too old, or by a process of this machine that does not live.
    ///
    /// restic goes by host name and process number alone. Of our own locks more is known: from another container of
    /// the same name a number tells nothing, and after a restart of the machine nothing lives on.
    package static func isStale(
        _ lock: LockFile,
        now: Timestamp,
        host: HostIdentity,
        isAlive: (Int32) -> Bool
    ) -> Bool {
        // A time in the future is a wrong clock, not an old lock.
        if now.seconds - lock.time.seconds > staleAfterSeconds { return true }
        guard lock.hostname == host.hostname, !host.hostname.isEmpty,
            let process = Int32(exactly: lock.processID)
        else {
            return false
        }
        if let theirs = ProcessSpace(lock.processSpace), let ours = ProcessSpace(host.processSpace),
            theirs != ours
        {
            return ours.hasOutlived(theirs)
        }
        return process > 0 && !isAlive(process)
    }

    /// The first of `others` that a lock of that mode cannot stand beside.
    static func conflict(_ mode: LockMode, with others: [HeldLock]) -> HeldLock? {
        others.first { mode == .exclusive || $0.file.isExclusive }
    }
}

/// A lock found in the repository.
package struct HeldLock: Hashable, Sendable {
    package var id: LockID
    package var file: LockFile

    package init(id: LockID, file: LockFile) {
        self.id = id
        self.file = file
    }

    /// Who holds it and since when, for people.
    package var description: String {
        let kind = file.isExclusive ? "exclusively " : ""
        // On one line: a name with a line end could pass for words of ours.
        let holder = PrintableText.of("\(file.username)@\(file.hostname)")
        return "\(kind)by \(holder) (pid \(file.processID))"
    }
}
