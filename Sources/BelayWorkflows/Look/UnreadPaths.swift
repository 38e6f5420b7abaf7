import BelayArchive
import BelayCore

/// What could not be read when one side of a comparison was stored, and so says nothing about the other.
struct UnreadPaths {
    /// By path, as people see it: what is no UTF-8 in it is replaced.
    private var failures: [String: SourceFailure] = [:]
    private var isMet: Set<String> = []
    /// Whether what was met is to be told; those of a scan are told in any case.
    private var tells = false

    init() {}

    /// Those that a scan of the project left out.
    init(_ failures: [SourceFailure]) {
        for failure in failures where failure.kind == .unreadable { self.failures[failure.path] = failure }
    }

    /// Those that a snapshot says it lacks.
    init(_ snapshot: LocatedSnapshot, _ manifest: Manifest?) {
        self.init(
            (manifest?.failures ?? []).compactMap { failure in
                SourceFailure.Kind(rawValue: failure.kind).map { kind in
                    SourceFailure(
                        path: failure.path,
                        kind: kind,
                        reason: "snapshot \(snapshot.stored.id.short) could not read it: \(failure.reason)"
                    )
                }
            }
        )
        tells = true
    }

    /// Those that hid a difference, in the order of their paths.
    var met: [SourceFailure] {
        tells ? isMet.sorted().compactMap { failures[$0] } : []
    }

    /// Whether a path, or a directory above it, was not read.
    mutating func hides(_ path: [UInt8]) -> Bool {
        if failures.isEmpty { return false }
        var path = path[...]
        while !path.isEmpty {
            let text = String(decoding: path, as: UTF8.self)
            if failures[text] != nil {
                isMet.insert(text)
                return true
            }
            path = path.prefix(upTo: path.lastIndex(of: 0x2F) ?? path.startIndex)
        }
        return false
    }
}
