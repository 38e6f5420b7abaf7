package import BelayCore

extension RetentionError {
    /// The failure in the words for a person.
    package var report: BelayError {
        switch self {
        case .emptyPolicy:
            BelayError(
                .retentionRefused,
                "cannot clean up: no rule says what to keep",
                hint: "give a rule such as `--keep-last 10`, or write `retention:` in belay.yaml"
            )
        case .dailyLimitTooSmall(let limit):
            BelayError(
                .retentionRefused,
                "cannot clean up: at most \(limit) snapshots a day leaves none",
                hint: "give `--max-per-day` a number from 1 on"
            )
        case .keepsNothing(let key):
            BelayError(
                .retentionRefused,
                "cannot clean up: the rules would keep no snapshot of \(key)",
                hint: "add a rule that keeps some, such as `--keep-last 1`"
            )
        }
    }
}
