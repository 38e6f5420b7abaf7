/// What the statuses mean that a command ends with.
enum ExitStatusTable {
    static let rows: [(status: String, meaning: String)] = [
        ("0", "Done."),
        ("1", "Failed."),
        ("2", "Wrong usage, or a `belay.yaml` that says something wrong."),
        ("3", "Done, but something could not be read, or a check failed."),
        ("10", "There is no repository at that place."),
        ("11", "Somebody else works in the repository."),
        ("12", "No password or key opens the repository."),
        ("128+N", "Ended by signal N, such as 130 after Ctrl-C."),
    ]
}

/// The variables that belay reads from its environment.
enum EnvironmentTable {
    static let rows: [(name: String, meaning: String)] = [
        ("BELAY_REPOSITORY", "Where the repository is, if `--repo` does not say."),
        ("BELAY_PASSWORD", "The password."),
        ("BELAY_PASSWORD_FILE", "A file that holds the password."),
        ("BELAY_PASSWORD_COMMAND", "A command that prints the password."),
        (
            "RESTIC_REPOSITORY, RESTIC_REPOSITORY_FILE, RESTIC_PASSWORD, RESTIC_PASSWORD_FILE, RESTIC_PASSWORD_COMMAND",
            "The same, where belay's own variable is not set."
        ),
        (
            "XDG_DATA_HOME",
            "The default repository is in `belay/repository` below it (default: `~/.local/share`)."
        ),
        ("XDG_CONFIG_HOME", "Keys are in `belay/keys` below it (default: `~/.config`)."),
        (
            "XDG_CACHE_HOME",
            "Caches are in `belay` below it (default: `~/.cache`); they may be deleted at any time."
        ),
        ("TZ", "The time zone for times that are shown or typed, and for retention."),
        ("NO_COLOR", "Set to anything: no colours, as with `--no-color`."),
    ]
}

/// Lines to type, by command.
enum Examples {
    static let of: [String: [(purpose: String, command: String)]] = [
        "belay backup": [
            ("Store the project as it is", "belay backup -m \"before the migration\""),
            ("See what would be stored", "belay backup --dry-run"),
        ],
        "belay checkpoint": [
            ("Keep this state until it is released", "belay checkpoint approved -m \"seen by Ada\"")
        ],
        "belay list": [("All snapshots of all projects, for a program", "belay list --all-projects --json")],
        "belay diff": [
            ("What the last backup changed", "belay diff latest~1 latest"),
            ("What has changed since, line by line", "belay diff latest --patch"),
        ],
        "belay cat": [("A file as it was yesterday", "belay cat \"1 day ago\" src/main.c")],
        "belay restore": [
            ("Everything, into a new directory", "belay restore latest --to ../restored"),
            ("One folder, as it was on a day", "belay restore 2026-01-22 src/api --to ../restored"),
        ],
        "belay verify": [
            ("Everything, to the last byte", "belay verify --all --read-data"),
            ("A tenth of the contents, chosen at random", "belay verify --read-data-subset 10%"),
        ],
        "belay cleanup": [
            ("See what would go, and why the rest stays", "belay cleanup --dry-run"),
            ("By other rules than those in belay.yaml", "belay cleanup --keep-last 10 --keep-daily 7"),
        ],
        "belay key recovery": [("Print the key, to keep it on paper", "belay key recovery")],
    ]
}
