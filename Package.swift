// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "belay",
    platforms: [.macOS(.v15)],
    targets: [
        // System libraries: a header and a module map each.
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

        // Pure: the words of the product as values.
        .target(name: "BelayCore", swiftSettings: strict),

        // Pure: decisions. Ignore rules, which snapshot is meant, what retention keeps.
        .target(name: "BelayRules", dependencies: ["BelayCore"], swiftSettings: strict),
        // Pure: bytes of the repository format, hashes of many buffers at once.
        .target(name: "CBelayHash"),
        .target(
            name: "BelayFormat", dependencies: ["BelayCore", "CBelayHash", "CZstd", "COpenSSL"],
            swiftSettings: strict),

        // Storage and system: the only module with system calls and threads.
        .target(name: "CBelay"),
        .target(name: "BelaySystem", dependencies: ["BelayCore", "CBelay"], swiftSettings: strict),
        // The port behind which a repository's files lie, and the local directory.
        .target(name: "BelayStore", dependencies: ["BelayCore", "BelaySystem"], swiftSettings: strict),
        // A repository on a store: keys, locks, index, packs, trees, cleanup, check, repair.
        .target(
            name: "BelayRepository", dependencies: ["BelayCore", "BelayFormat", "BelayStore", "BelaySystem"],
            swiftSettings: strict),
        // File trees into snapshots and back.
        .target(
            name: "BelayArchive",
            dependencies: [
                "BelayCore", "BelayRules", "BelayFormat", "BelayRepository", "BelayStore", "BelaySystem",
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
