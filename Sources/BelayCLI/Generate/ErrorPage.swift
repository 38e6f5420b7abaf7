import BelayCore

/// The page `docs/reference/errors.md`.
enum ErrorPage {
    static var text: String {
        let codes = ErrorCode.all.map { "| `\($0.name)` | \($0.exitStatus) | \($0.meaning) |" }
        let statuses = ExitStatusTable.rows.map { "| \($0.status) | \($0.meaning) |" }
        return
            ([
                ReferencePage.note,
                "",
                "# Errors",
                "",
                "Every error has a code, which never changes its meaning. It decides the exit status, and stands in what",
                "`--json` and `--verbose` print.",
                "",
                "| code | exit status | meaning |",
                "|---|---|---|",
            ] + codes + [
                "",
                "## Exit statuses",
                "",
                "| status | meaning |",
                "|---|---|",
            ] + statuses).joined(separator: "\n") + "\n"
    }
}
