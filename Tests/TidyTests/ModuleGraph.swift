/// Which module may import what: the layers of ARCHITECTURE.md as a table.
///
/// Package.swift says what a module is linked with. This says what it may know, module by module, and so catches
/// what comes in through a dependency of a dependency.
enum ModuleGraph {
    /// What the project's own modules may import, the pure ones first.
    static let imports: [String: Set<String>] = [
        "BelayCore": [],
        "BelayRules": ["BelayCore"],
        "BelayFormat": ["BelayCore", "CBelayHash", "CZstd", "COpenSSL"],
        "BelaySystem": ["BelayCore", "CBelay"] + libc + concurrency,
        "BelayStore": ["BelayCore", "BelaySystem"] + concurrency,
        "BelayRepository": ["BelayCore", "BelayFormat", "BelayStore", "BelaySystem"] + concurrency,
        "BelayArchive": [
            "BelayCore", "BelayRules", "BelayFormat", "BelaySystem", "BelayRepository",
        ] + concurrency,
        "BelayParts": ["BelayCore", "BelayFormat", "BelaySystem"] + concurrency,
        "BelaySQLite": ["BelayCore", "BelayFormat", "BelaySystem", "BelayParts", "CSQLite"],
        "BelayProject": ["BelayCore", "BelayRules", "BelaySystem", "Yams"] + libc,
        "BelayWorkflows": [
            "BelayCore", "BelayRules", "BelayFormat", "BelaySystem", "BelayStore", "BelayRepository",
            "BelayArchive", "BelayParts", "BelayProject",
        ] + concurrency + foundation,
        "BelayKit": [
            "BelayCore", "BelayRules", "BelayFormat", "BelaySystem", "BelayStore", "BelayRepository",
            "BelayArchive", "BelayParts", "BelaySQLite", "BelayProject", "BelayWorkflows",
        ] + libc,
        "BelayReport": [
            "BelayCore", "BelayRules", "BelayRepository", "BelayArchive", "BelayProject", "BelaySystem",
            "BelayWorkflows", "BelayKit",
        ] + foundation,
        "BelayCLI": [
            "BelayCore", "BelayRules", "BelayFormat", "BelaySystem", "BelayStore", "BelayRepository",
            "BelayArchive", "BelayProject", "BelayWorkflows", "BelayKit", "BelayReport", "ArgumentParser",
        ] + libc + concurrency + foundation,
        "BelayMain": ["BelayCLI", "BelaySystem"] + libc,
    ]

    /// Pure modules: no file, clock, environment, randomness or lock.
    static let pure: Set<String> = ["BelayCore", "BelayRules", "BelayFormat"]

    private static let libc: Set<String> = ["Glibc", "Musl", "Darwin"]
    private static let concurrency: Set<String> = ["Synchronization"]
    private static let foundation: Set<String> = ["Foundation", "FoundationEssentials"]
}

private func + (left: Set<String>, right: Set<String>) -> Set<String> { left.union(right) }
