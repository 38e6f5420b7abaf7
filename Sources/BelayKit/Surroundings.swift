package import BelayCore
package import BelayProject
package import BelaySystem

#if canImport(Glibc)
import Glibc
#endif

/// What a process finds around it: environment, folders, clock, zone.
package struct Surroundings: Sendable {
    package let environment: [String: String]
    package let directories: UserDirectories
    package let workingDirectory: String
    package let clock: any WallClock
    package let zone: TimeZoneRules
    package let host: HostIdentity

    package init(
        environment: [String: String],
        directories: UserDirectories,
        workingDirectory: String,
        clock: any WallClock,
        zone: TimeZoneRules,
        host: HostIdentity
    ) {
        self.environment = environment
        self.directories = directories
        self.workingDirectory = workingDirectory
        self.clock = clock
        self.zone = zone
        self.host = host
    }

    /// Those of this process.
    ///
    /// - Throws: `usage` if nothing tells where the home directory is.
    ///
    /// `BELAY_TEST_NOW` (seconds since 1970) and `BELAY_TEST_HOST` make runs reproducible for tests.
    package static func current() throws -> Surroundings {
        let environment = ProcessEnvironment.all
        var host = HostIdentity.current()
        if let name = environment["BELAY_TEST_HOST"] { host.hostname = name }
        let fixed = environment["BELAY_TEST_NOW"].flatMap { Int64($0) }
        return Surroundings(
            environment: environment,
            directories: UserDirectories(environment: environment, home: try home(environment, host.userID)),
            workingDirectory: try Paths.workingDirectory(),
            clock: fixed.map { FixedClock(Timestamp(seconds: $0)) } ?? SystemClock(),
            zone: zone(environment),
            host: host
        )
    }

    /// The directory that HOME names; without it, that of the user's account.
    private static func home(_ environment: [String: String], _ user: UInt32) throws -> String {
        for home in [environment["HOME"] ?? "", AccountNames.home(user)] where home.hasPrefix("/") {
            return home
        }
        throw BelayError(
            .usage,
            "cannot tell where your home directory is: HOME is not set, and the user \(user) has no account here",
            hint: "set HOME to a directory of yours"
        )
    }

    private static func zone(_ environment: [String: String]) -> TimeZoneRules {
        let name = environment["TZ"].map { $0.hasPrefix(":") ? String($0.dropFirst()) : $0 }
        if let name, name.isEmpty { return .utc }
        let path = name.map { $0.hasPrefix("/") ? $0 : "/usr/share/zoneinfo/\($0)" } ?? "/etc/localtime"
        // A zone that is not there or cannot be read: the C library takes UTC then, or a POSIX text.
        if let bytes = try? readFile(path: path, limit: 1 << 20),
            let zone = try? TimeZoneRules(zoneFile: bytes)
        {
            return zone
        }
        return name.flatMap { TimeZoneRules(posix: $0) } ?? .utc
    }
}
