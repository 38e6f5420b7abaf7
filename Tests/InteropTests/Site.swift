import Foundation
import Testing

/// A place for one test: a home, a project and a repository, which go with the value.
///
/// Nothing of the machine reaches the programs but itself: home, caches and configuration lie here.
final class Site {
    let path: String
    let project: String
    /// Where the repository is, or will be.
    var repository: String
    /// What opens the repository, for restic and for who is told.
    private(set) var passwordFile: String
    /// Whether belay knows the key by itself.
    private var hasKey = false

    /// A site without a repository.
    init(empty: Void = ()) throws {
        var template = Array("/tmp/belay-interop-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
        project = "\(path)/project"
        repository = "\(path)/repository"
        passwordFile = "\(path)/password"
        for folder in [project, "\(path)/home", "\(path)/tmp"] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        try Data("correct horse battery staple\n".utf8).write(to: URL(fileURLWithPath: passwordFile))
    }

    /// A site whose repository belay made, with a random key: nobody waits for its derivation.
    convenience init() throws {
        try self.init(empty: ())
        try initialize()
    }

    deinit {
        // Other programs empty what is too deep or not ours to write; what stays is in /tmp.
        _ = try? RunningProgram(
            ["/bin/rm", "-rf", path].map { Array($0.utf8) },
            in: "/",
            environment: [:]
        ).finish()
    }

    /// Makes the repository with belay.
    func initialize() throws {
        hasKey = true
        let summary = try belay("init", "--repository-only", "--json").document(InitializationSummary.self)
        passwordFile = try #require(summary.keyFile)
    }

    /// Goes on with another repository.
    func use(repository: String, passwordFile: String) {
        self.repository = repository
        self.passwordFile = passwordFile
        hasKey = false
    }

    /// A path below the site.
    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    // MARK: - Programs

    var environment: [String: String] {
        [
            "HOME": "\(path)/home",
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "TMPDIR": "\(path)/tmp",
            "LC_ALL": "C",
            "TZ": "UTC",
            "RESTIC_CACHE_DIR": "\(path)/home/restic-cache",
        ].merging(extraEnvironment) { $1 }
    }
    /// Variables of a test's own.
    var extraEnvironment: [String: String] = [:]

    /// Runs belay on the project and the repository, and fails if its exit status is another; `nil` for any.
    @discardableResult
    func belay(_ arguments: String..., expecting status: Int32? = 0) throws -> Output {
        try belay(arguments, expecting: status)
    }

    @discardableResult
    func belay(_ arguments: [String], expecting status: Int32? = 0) throws -> Output {
        try finish(try startBelay(arguments), status)
    }

    func startBelay(_ arguments: [String], through wrapper: [String] = []) throws -> RunningProgram {
        let password = hasKey ? [] : ["--password-file", passwordFile]
        return try start(
            wrapper + [Machine.belay] + arguments + ["-C", project, "--repo", repository] + password
        )
    }

    /// Runs belay so that permissions hold for it, which they do not for root.
    func restrictedBelay(_ arguments: String..., expecting status: Int32? = 0) throws -> Output {
        let wrapper = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--"]
        return try finish(try startBelay(arguments, through: Machine.isRoot ? wrapper : []), status)
    }

    /// Runs restic in the project's directory.
    @discardableResult
    func restic(
        _ restic: Restic = .current,
        _ arguments: String...,
        expecting status: Int32? = 0
    ) throws -> Output {
        try finish(try startRestic(restic, arguments), status)
    }

    @discardableResult
    func restic(_ restic: Restic, _ arguments: [String], expecting status: Int32?) throws -> Output {
        try finish(try startRestic(restic, arguments), status)
    }

    func startRestic(_ restic: Restic = .current, _ arguments: [String]) throws -> RunningProgram {
        try start([restic.program(), "--repo", repository, "--password-file", passwordFile] + arguments)
    }

    /// Runs a program in the project's directory.
    @discardableResult
    func run(_ arguments: String..., expecting status: Int32? = 0) throws -> Output {
        try run(arguments, expecting: status)
    }

    @discardableResult
    func run(_ arguments: [String], expecting status: Int32? = 0) throws -> Output {
        try finish(try start(arguments), status)
    }

    func start(_ arguments: [String]) throws -> RunningProgram {
        try start(arguments.map { Array($0.utf8) })
    }

    func start(_ arguments: [[UInt8]]) throws -> RunningProgram {
        try RunningProgram(arguments, in: project, environment: environment)
    }

    private func finish(_ program: RunningProgram, _ status: Int32?) throws -> Output {
        let output = try program.finish()
        if let status, output.status != status {
            throw Trouble("should have ended with \(status): \(output)")
        }
        return output
    }

    // MARK: - Common steps

    /// Stores the project with belay; gives what it says.
    @discardableResult
    func belayBackup(_ arguments: String...) throws -> BackupSummary {
        try belay(["backup", "--json"] + arguments).document()
    }

    /// Stores the project with restic as belay does, the directory being the root.
    @discardableResult
    func resticBackup(_ restic: Restic = .current, _ arguments: String...) throws -> BackupSummary {
        try finish(try startRestic(restic, ["backup", ".", "--json"] + arguments), 0).document()
    }

    /// Asserts that both programs find nothing wrong, having read every byte.
    func expectSound(
        _ restics: [Restic] = [.current],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let verified = try belay("verify", "--read-data", "--json", expecting: nil)
        #expect(verified.status == 0, "\(verified)", sourceLocation: sourceLocation)
        for restic in restics {
            let checked = try self.restic(restic, "check", "--read-data", expecting: nil)
            #expect(checked.status == 0, "\(checked)", sourceLocation: sourceLocation)
        }
    }

    /// Lets what was just written age a little: a file younger than a few ticks of the clock is read again.
    func settle() {
        let end = Date().addingTimeInterval(0.08)
        _ = eventually { Date() > end }
    }

    /// The snapshots as belay lists them, newest first.
    func belaySnapshots() throws -> [ListedSnapshot] {
        try belay("list", "--all-projects", "--json").document()
    }

    /// Restores with belay; gives what is there.
    func belayRestore(_ snapshot: String = "latest", _ arguments: String...) throws -> TreeState {
        let target = newTarget()
        try belay(["restore", snapshot, "--to", target] + arguments)
        return try TreeState(target)
    }

    /// Restores with restic; gives what is there, without what belay adds to a snapshot.
    func resticRestore(_ restic: Restic = .current, _ snapshot: String = "latest") throws -> TreeState {
        let target = newTarget()
        try self.restic(restic, "restore", snapshot, "--target", target)
        return try TreeState(target, leavingOut: [".belay"])
    }

    /// A path at which nothing is yet.
    func newTarget() -> String {
        targets += 1
        return "\(path)/restored-\(targets)"
    }
    private var targets = 0

    /// The names in a folder of the repository, packs being in folders of their own.
    func files(_ folder: String) throws -> [String] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: "\(repository)/\(folder)")
        return names.filter { ($0 as NSString).lastPathComponent.utf8.count == 64 }.sorted()
            .map { "\(repository)/\(folder)/\($0)" }
    }
}

/// Runs a body with the files that no more than one program writes at a time.
extension Site {
    /// Writes a file below the project.
    func write(_ bytes: [UInt8], to name: String) throws {
        let url = URL(fileURLWithPath: "\(project)/\(name)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(bytes).write(to: url)
    }

    func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }
}
