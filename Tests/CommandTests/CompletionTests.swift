import Foundation
import Testing

/// A shell with belay's completion loaded.
enum CompletingShell: String, CaseIterable {
    case bash
    case zsh
    case fish

    /// Where its packages put it.
    var path: String { self == .bash ? "/bin/bash" : "/usr/bin/\(rawValue)" }

    var isThere: Bool { FileManager.default.isExecutableFile(atPath: path) }

    /// What is offered for the last of the words.
    func offers(_ words: [String], in sandbox: Sandbox) async throws -> Set<String> {
        let file =
            switch self {
            case .bash: "bash/belay"
            case .zsh: "zsh/_belay"
            case .fish: "fish/belay.fish"
            }
        var root = URL(filePath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        let completion = root.appending(path: "share/completions/\(file)")
        let line = (["belay"] + words).joined(separator: " ")
        let outcome: Sandbox.Outcome
        switch self {
        case .bash:
            let quoted = (["belay"] + words).map { "'\($0)'" }.joined(separator: " ")
            let script = """
                . "$1"
                COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count); COMP_LINE='\(line)'; COMP_POINT=${#COMP_LINE}
                _belay belay "${COMP_WORDS[$COMP_CWORD]}" "${COMP_WORDS[$((COMP_CWORD - 1))]}"
                printf '%s\\n' "${COMPREPLY[@]}"
                """
            outcome = try await sandbox.run([path, "-c", script, "bash", completion.path])
        case .zsh:
            outcome = try await zsh(line, completion.deletingLastPathComponent().path, sandbox)
        case .fish:
            let script = "source $argv[1]; complete -C $argv[2]"
            outcome = try await sandbox.run(
                [path, "--no-config", "-c", script, completion.path, line],
                environment: ["TERM": "dumb"]
            )
        }
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        // fish tells what it is for behind a tabulator, and marks directories with a slash.
        let offers = outcome.text.split(separator: "\n").compactMap { $0.split(separator: "\t").first }
        return Set(offers.map { String($0.hasSuffix("/") ? $0.dropLast() : $0) })
    }

    /// zsh completes only at its prompt: one is started on a terminal of its own, and says what is added.
    private func zsh(_ line: String, _ folder: String, _ sandbox: Sandbox) async throws -> Sandbox.Outcome {
        let settings = """
            autoload -Uz compinit; fpath=($COMPLETIONS $fpath); compinit -u -D
            bindkey '^I' complete-word
            compadd () {
                if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\\ * ]]; then
                    local -a hits
                    builtin compadd -A hits "$@"
                    (( $#hits )) && print -rl -- $'\\1'$^hits
                fi
                builtin compadd "$@"
            }
            finish () { print -r -- $'\\2'; }
            zle -N finish
            bindkey '^X' finish
            PROMPT='READY>'
            """
        let script = """
            zmodload zsh/zpty
            zpty shell zsh -i
            zpty -r shell out '*READY>*'
            zpty -w -n shell "$1"$'\\t\\C-X'
            zpty -r shell out $'*\\2*'
            for line in ${(f)out}; do
                [[ $line == *$'\\1'* ]] && print -r -- ${${line##*$'\\1'}%%$'\\r'*}
            done
            true
            """
        let place = "\(sandbox.folder)/zsh"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        for (name, text) in [(".zshenv", "setopt no_global_rcs\n"), (".zshrc", settings + "\n")] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(place)/\(name)"))
        }
        return try await sandbox.run(
            [path, "-f", "-c", script, "zsh", line],
            environment: ["TERM": "dumb", "ZDOTDIR": place, "COMPLETIONS": folder]
        )
    }
}

@Suite struct `The completion for shells` {
    @Test(arguments: CompletingShell.allCases.filter(\.isThere))
    func `offers commands, options, values, paths, aliases, and commands behind help`(
        shell: CompletingShell
    ) async throws {
        let sandbox = try Sandbox()
        try sandbox.write("below/file", "a")
        func offers(_ words: String...) async throws -> Set<String> {
            try await shell.offers(words, in: sandbox)
        }
        let commands = try await offers("")
        #expect(commands.isSuperset(of: ["backup", "restore", "list", "snapshots", "dump", "check"]))
        #expect(!commands.contains("debug"))
        #expect(try await offers("back") == ["backup"])
        #expect(try await offers("snap") == ["snapshots"])
        #expect(try await offers("key", "re") == ["recovery", "remove"])
        #expect(try await offers("key", "pass") == ["passwd"])
        #expect(try await offers("key", "passwd", "--new") == ["--new-password-file"])
        #expect(try await offers("backup", "--comp") == ["--compression"])
        #expect(try await offers("snapshots", "--all") == ["--all-projects"])
        #expect(
            try await offers("backup", "--compression", "") == ["off", "fastest", "auto", "better", "max"]
        )
        #expect(try await offers("restore", "--overwrite", "if") == ["if-changed", "if-newer"])
        #expect(try await offers("restore", "latest", "--to", "") == ["below"])
        for flag in ["-C", "--repo"] {
            #expect(try await offers(flag, "") == ["below"])
            #expect(try await offers("list", flag, "be") == ["below"])
        }
        let file = try await offers("list", "--password-file", "below/f")
        // zsh completes the last part alone.
        #expect(file == ["below/file"] || shell == .zsh && file == ["file"])
        #expect(try await offers("-C", "below", "back") == ["backup"])
        #expect(try await offers("help", "back") == ["backup"])
    }
}
