// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

// With BELAY_FUZZ, the path of the toolchain's fuzzer runtime, everything is built for fuzzing; see Scripts/fuzz.sh.
let fuzzerRuntime = Context.environment["BELAY_FUZZ"]
let instrumented: [SwiftSetting] = fuzzerRuntime == nil ? [] : [.unsafeFlags(["-sanitize=fuzzer,address"])]

let package = Package(
    name: "belay",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "belay", targets: ["BelayMain"])
    ],
    dependencies: [
        // The command line.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // belay.yaml.
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // System libraries: a header and a module map each.
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),

        // Pure: the words of the product as values.
        .target(name: "BelayCore", swiftSettings: strict),

        // Pure: decisions. Ignore rules, which snapshot is meant, what retention keeps.
        .target(name: "BelayRules", dependencies: ["BelayCore"], swiftSettings: strict),
        // Pure: bytes of the repository format, hashes of many buffers at once.
        .target(name: "CBelayHash"),
        .target(
            name: "BelayFormat",
            dependencies: ["BelayCore", "CBelayHash", "CZstd", "COpenSSL"],
            swiftSettings: strict
        ),

        // Storage and system: the only module with system calls and threads.
        .target(name: "CBelay"),
        .target(name: "BelaySystem", dependencies: ["BelayCore", "CBelay"], swiftSettings: strict),
        // The port behind which a repository's files lie, and the local directory.
        .target(name: "BelayStore", dependencies: ["BelayCore", "BelaySystem"], swiftSettings: strict),
        // A repository on a store: keys, locks, index, packs, trees, cleanup, check, repair.
        .target(
            name: "BelayRepository",
            dependencies: ["BelayCore", "BelayFormat", "BelayStore", "BelaySystem"],
            swiftSettings: strict
        ),
        // File trees into snapshots and back.
        .target(
            name: "BelayArchive",
            dependencies: [
                "BelayCore", "BelayRules", "BelayFormat", "BelayRepository", "BelayStore", "BelaySystem",
            ],
            swiftSettings: strict
        ),
        // Parts that are not files: databases by their engines' own means, and what commands print.
        .target(
            name: "BelayParts",
            dependencies: ["BelayCore", "BelayRules", "BelayFormat", "BelaySystem"],
            swiftSettings: strict
        ),
        // SQLite databases: copies of live ones, and what is in them.
        .target(
            name: "BelaySQLite",
            dependencies: ["BelayCore", "BelayFormat", "BelaySystem", "BelayParts", "CSQLite"],
            swiftSettings: strict
        ),
        // A project: belay.yaml, what is in the directory, places and secrets, git's state.
        .target(
            name: "BelayProject",
            dependencies: [
                "BelayCore", "BelayRules", "BelaySystem", .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict
        ),
        // What the commands mean.
        .target(
            name: "BelayWorkflows",
            dependencies: [
                "BelayCore", "BelayRules", "BelayFormat", "BelaySystem", "BelayStore", "BelayRepository",
                "BelayArchive", "BelayParts", "BelayProject",
            ],
            swiftSettings: strict
        ),
        // The composition root: from flags and environment to an opened project.
        .target(
            name: "BelayKit",
            dependencies: [
                "BelayCore", "BelayRules", "BelayFormat", "BelaySystem", "BelayStore", "BelayRepository",
                "BelayArchive", "BelayParts", "BelaySQLite", "BelayProject", "BelayWorkflows",
            ],
            swiftSettings: strict
        ),
        // Results as documents: JSON for programs, aligned text for people.
        .target(
            name: "BelayReport",
            dependencies: [
                "BelayCore", "BelayRules", "BelayRepository", "BelayArchive", "BelayProject",
                "BelayWorkflows",
                "BelayKit", "BelaySystem",
            ],
            swiftSettings: strict
        ),
        // One file a command: parse, one call, render.
        .target(
            name: "BelayCLI",
            dependencies: [
                "BelayCore", "BelayRules", "BelayFormat", "BelaySystem", "BelayRepository", "BelayArchive",
                "BelayProject", "BelayWorkflows", "BelayKit", "BelayReport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(name: "BelayMain", dependencies: ["BelayCLI"], swiftSettings: strict),

        // Tests: one target a module, and some for the whole.
        .testTarget(
            name: "BelayCoreTests",
            dependencies: ["BelayCore"],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BelayRulesTests",
            dependencies: ["BelayCore", "BelayRules"],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BelayFormatTests",
            dependencies: ["BelayCore", "BelayFormat", "COpenSSL"],
            resources: [.copy("Vectors")],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BelayProjectTests",
            dependencies: ["BelayCore", "BelayRules", "BelayProject"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BelayPartsTests",
            dependencies: ["BelayCore", "BelaySystem", "BelayParts", "BelaySQLite", "BelayTestKit"],
            swiftSettings: strict
        ),
        // What several test targets use: stores that fail on purpose, real servers.
        .target(
            name: "BelayTestKit",
            dependencies: ["BelayCore", "BelayStore", "BelaySystem"],
            path: "Tests/BelayTestKit",
            swiftSettings: strict
        ),
        .target(
            name: "BelayParsers",
            dependencies: [
                "BelayCore", "BelayRules", "BelayFormat", "BelayParts", "BelayProject", "BelaySQLite",
            ],
            path: "Fuzz/BelayParsers",
            swiftSettings: strict
        ),
        .testTarget(name: "FuzzTests", dependencies: ["BelayParsers"], swiftSettings: strict),
        .testTarget(
            name: "BelaySystemTests",
            dependencies: ["BelayCore", "BelaySystem", "CBelay"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BelayStoreTests",
            dependencies: ["BelayCore", "BelayStore", "BelaySystem", "BelayTestKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BelayRepositoryTests",
            dependencies: [
                "BelayCore", "BelayFormat", "BelaySystem", "BelayStore", "BelayRepository", "BelayTestKit",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BelayArchiveTests",
            dependencies: [
                "CBelay", "BelayCore", "BelayRules", "BelayFormat", "BelaySystem", "BelayStore",
                "BelayRepository",
                "BelayArchive", "BelayTestKit",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BelayReportTests",
            dependencies: ["BelayCore", "BelayArchive", "BelayRepository", "BelayWorkflows", "BelayReport"],
            swiftSettings: strict
        ),
        // The whole program, run as people run it.
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "BelayCore", "BelayProject", "BelaySystem", "BelayKit", "BelayCLI", "BelayMain",
                "BelaySQLite", "BelayTestKit",
            ],
            swiftSettings: strict
        ),
        // The whole program beside the real restic, on damaged repositories and unwilling disks.
        .testTarget(name: "InteropTests", dependencies: ["BelayMain", "CBelay"], swiftSettings: strict),
        // Rules that the compiler does not know.
        .testTarget(name: "TidyTests", swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)

if let fuzzerRuntime {
    for target in package.targets where target.type == .regular {
        target.swiftSettings = (target.swiftSettings ?? []) + instrumented
    }
    package.products.append(.executable(name: "belay-fuzz", targets: ["BelayFuzz"]))
    package.targets.append(
        .executableTarget(
            name: "BelayFuzz",
            dependencies: ["BelayParsers"],
            path: "Fuzz/BelayFuzz",
            swiftSettings: instrumented,
            linkerSettings: [
                .unsafeFlags(["-sanitize=address", "-Xlinker", fuzzerRuntime, "-Xlinker", "-lstdc++"])
            ]
        )
    )
}
