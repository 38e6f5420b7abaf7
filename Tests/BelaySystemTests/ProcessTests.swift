import BelaySystem
import Foundation
import Testing

@Suite struct `A program that is run` {
    private let environment = ["PATH": "/usr/bin:/bin"]

    private func shell(_ line: String) -> Command { .shell(line, environment: environment) }

    /// All that a program prints, read in pieces of a given size.
    private func filled(_ line: String, by size: Int) throws -> [UInt8] {
        let running = try RunningCommand.start(shell(line))
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        defer { room.deallocate() }
        var bytes: [UInt8] = []
        while true {
            let count = try running.fill(room)
            bytes += room[..<count]
            if count < size { break }
        }
        #expect(try running.fill(room) == 0)
        #expect(try running.finish().isSuccess)
        return bytes
    }

    @Test func `gives what it prints, what it says, and how it ended`() throws {
        let outcome = try shell("echo out; echo words >&2; exit 4").run(limit: 100)
        #expect(outcome.text == "out\n")
        #expect(outcome.said.contains("words"))
        #expect(outcome.ending == .exited(4) && !outcome.isSuccess && outcome.stop == nil)
    }

    @Test func `lives no more once it has ended, whether its parent has asked or not`() throws {
        // What the shell becomes never asks.
        let running = try RunningCommand.start(shell("sleep 100 & echo $$ $!; exec sleep 100"))
        defer { running.end() }
        var room = [UInt8](repeating: 0, count: 64)
        var text = ""
        while !text.hasSuffix("\n") {
            let count = try running.read(into: &room)
            try #require(count > 0)
            text += String(decoding: room[..<count], as: UTF8.self)
        }
        let numbers = text.dropLast().split(separator: " ").compactMap { Int32($0) }
        try #require(numbers.count == 2)
        func about(_ process: Int32, _ file: String) throws -> String {
            try String(contentsOfFile: "/proc/\(process)/\(file)", encoding: .utf8)
        }
        while try about(numbers[0], "comm") != "sleep\n" {}
        #expect(HostIdentity.isAlive(processID: numbers[1]))
        kill(numbers[1], SIGKILL)
        while try !about(numbers[1], "stat").contains(") Z") {}
        #expect(!HostIdentity.isAlive(processID: numbers[1]))
    }

    @Test func `is ended when it prints too much or takes too long`() throws {
        let talker = try shell("while :; do echo words; done").run(limit: 1000)
        #expect(talker.stop == .tooMuchOutput && talker.output.count <= 1000)
        let sleeper = try shell("sleep 100").run(limit: 1000, timeLimit: .milliseconds(20))
        #expect(sleeper.stop == .tooMuchTime && sleeper.ending == .signalled(9))
    }

    @Test(arguments: [1, 7, 4096, 1 << 20])
    func `is read in pieces of any size, whatever it prints at a time`(size: Int) throws {
        let expected = (1...4000).map { "\($0)\n" }.joined()
        let bytes = try filled("i=0; while [ $i -lt 4000 ]; do i=$((i+1)); echo $i; done", by: size)
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }

    @Test func `takes what is written, and tells when it reads no more`() throws {
        let reader = try RunningCommand.start(shell("cat"), input: .pipe)
        try reader.write("some words")
        reader.closeInput()
        #expect(String(decoding: try reader.readToEnd(), as: UTF8.self) == "some words")
        #expect(try reader.finish().isSuccess)

        // As the program does at its start; else the first write would end us.
        signal(SIGPIPE, SIG_IGN)
        let deaf = try RunningCommand.start(shell("exec <&-; echo; exec sleep 60"), input: .pipe)
        var room: [UInt8] = [0]
        #expect(try deaf.read(into: &room) == 1)
        let error = #expect(throws: SystemError.self) {
            for _ in 1...100 { try deaf.write(String(repeating: "x", count: 1 << 20)) }
        }
        #expect(error?.isUnread == true)
        deaf.end()
    }

    @Test func `inherits no file but its standard streams`() throws {
        // As libraries leave them: open, and not closed in programs.
        let leaked = open("/dev/null", O_RDONLY)
        let high = fcntl(leaked, F_DUPFD, 900)
        defer {
            close(leaked)
            close(high)
        }
        try #require(leaked >= 0 && high >= 900)
        // The listing itself holds one more.
        let names = try Command("/bin/ls", ["/proc/self/fd"], environment: environment).run(limit: 10_000)
            .text
        #expect(names == "0\n1\n2\n3\n")
    }
}
