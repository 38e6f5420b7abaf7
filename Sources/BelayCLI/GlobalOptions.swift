import ArgumentParser
import BelayCore
import BelayKit
import BelaySystem

/// The flags that every command has.
struct GlobalOptions: ParsableArguments {
    @Option(
        name: [.customShort("C"), .customLong("directory")],
        help: .init("Act as if started in this directory.", valueName: "dir"),
        completion: .directory
    )
    var directory: String?

    @Option(
        name: [.customShort("r"), .long],
        help: .init("Use this repository.", valueName: "location"),
        completion: .directory
    )
    var repo: String?

    @Option(
        name: [.customShort("p"), .long],
        help: .init("Read the password from this file.", valueName: "file"),
        completion: .file()
    )
    var passwordFile: String?

    @Option(name: .long, help: .init("Run this command to get the password.", valueName: "command"))
    var passwordCommand: String?

    @Flag(name: .long, help: "Print JSON instead of text.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print answers, warnings and errors, but not what was done.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Print causes of errors and what is being done.")
    var verbose = false

    @Flag(name: .long, help: "Never use colours.")
    var noColor = false

    @Flag(name: .long, help: "Keep no caches, and use none.")
    var noCache = false

    @Flag(name: .long, help: "Take no lock when only reading, as on read-only storage.")
    var noLock = false

    @Option(name: .long, help: .init("Wait so long for others' locks, such as 5m.", valueName: "duration"))
    var retryLock: String?

    @Option(name: .long, help: .init("Write at most so many KiB/s to the repository.", valueName: "rate"))
    var limitUpload: UInt64?

    @Option(name: .long, help: .init("Read at most so many KiB/s from the repository.", valueName: "rate"))
    var limitDownload: UInt64?

    func openOptions() throws -> OpenOptions {
        var options = OpenOptions()
        options.repository = repo
        options.passwordFile = passwordFile
        options.passwordCommand = passwordCommand
        options.noCache = noCache
        options.noLock = noLock
        options.uploadMaximum = try bytesPerSecond(limitUpload, "--limit-upload")
        options.downloadMaximum = try bytesPerSecond(limitDownload, "--limit-download")
        if !json && Terminal.canAsk { options.askPassword = { Terminal.askHidden($0) } }
        if let retryLock {
            guard let span = TimeSpan(retryLock) else {
                throw BelayError(
                    .usage,
                    "'\(retryLock)' is no duration",
                    hint: "write it like 30s, 5m or 1h: --retry-lock 5m"
                )
            }
            options.lockRetry = span.duration
        }
        return options
    }

    /// The limit in bytes; `nil` for 0, which is none, as in restic.
    private func bytesPerSecond(_ rate: UInt64?, _ flag: String) throws -> UInt64? {
        guard let rate, rate > 0 else { return nil }
        let (bytes, overflow) = rate.multipliedReportingOverflow(by: 1024)
        guard !overflow else {
            throw BelayError(.usage, "\(rate) KiB/s is no limit", hint: "write it like \(flag) 1024")
        }
        return bytes
    }
}
