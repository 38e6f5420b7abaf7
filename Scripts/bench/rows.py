"""The rows of the table: who takes part, what is prepared, what is timed, and what belay has to reach.

A goal (a, b) is the largest ratio to restic, and to the named other. Rows that are derived show another figure of a row
that was run.
"""


class Row:
    """A step that is run and timed."""

    is_heavy = False

    def __init__(self, name, title, dataset, step, tools, goals, is_heavy=False):
        self.name = name
        self.title = title
        self.dataset = dataset
        # The name of a method of `Steps`.
        self.step = step
        self.tools = tools.split()
        # {other tool: largest ratio of belay's seconds to its seconds}
        self.goals = goals
        self.is_heavy = is_heavy


class Derived:
    """Another figure of rows that were run.

    `metric` is a key of a measurement. With `over`, belay's figure of row `base` is divided by its own of row `over`.
    """

    def __init__(self, name, title, base, metric, goals=None, over=None, goal=None):
        self.name = name
        self.title = title
        self.base = base
        self.metric = metric
        self.goals = goals or {}
        self.over = over
        self.goal = goal

    @property
    def needs(self):
        return [self.base] + ([self.over] if self.over else [])


ROWS = [
    Row("first-src", "first backup, src", "src", "first", "belay restic borg tar+zstd rsync cp",
        {"restic": 0.22, "tar+zstd": 0.60}),
    Row("first-tiny", "first backup, tiny", "tiny", "first", "belay restic borg tar+zstd rsync cp",
        {"restic": 0.30, "tar+zstd": 0.75}),
    Row("first-big", "first backup, big", "big", "first", "belay restic borg tar+zstd rsync cp",
        {"restic": 0.25, "tar+zstd": 0.95}),
    Row("unchanged-src", "unchanged, src", "src", "unchanged", "belay restic borg rsync walk",
        {"restic": 0.05, "rsync": 0.35, "walk": 1.6}),
    Row("unchanged-tiny", "unchanged, tiny", "tiny", "unchanged", "belay restic borg rsync walk",
        {"restic": 0.05, "rsync": 0.35, "walk": 1.6}),
    Row("touched-src", "0.1 % touched, src", "src", "touched", "belay restic borg rsync",
        {"restic": 0.08, "rsync": 0.5}),
    Row("restore-src", "restore, src", "src", "restore", "belay restic borg tar+zstd cp",
        {"restic": 0.60, "cp": 1.1}),
    Row("restore-big", "restore, big", "big", "restore", "belay restic borg tar+zstd cp",
        {"restic": 0.45, "cp": 1.2}),
    Row("rollback-src", "rollback in place, 0.1 % changed, src", "src", "roll_back", "belay restic rsync",
        {"restic": 0.05, "rsync": 0.5}),
    Row("check-src", "read and check all, src", "src", "check", "belay restic borg tar+zstd",
        {"restic": 0.25, "tar+zstd": 0.6}),
    Row("check-big", "read and check all, big", "big", "check", "belay restic borg tar+zstd",
        {"restic": 0.30, "tar+zstd": 1.0}),
    Row("prune-big", "prune after forgetting half, big", "big", "prune", "belay restic borg",
        {"restic": 0.15, "borg": 1.0}),
    Row("list-src", "list, src", "src", "list", "belay restic borg", {"restic": 0.06, "borg": 0.06}),
    Row("first-100k", "first backup, 100,000 tiny files", "tiny-100k", "first", "belay restic", {}, True),
    Row("first-1m", "first backup, 1,000,000 tiny files", "tiny-1m", "first", "belay restic", {}, True),
    Row("unchanged-100k", "unchanged, 100,000 tiny files", "tiny-100k", "unchanged", "belay restic", {}, True),
    Row("unchanged-1m", "unchanged, 1,000,000 tiny files", "tiny-1m", "unchanged", "belay restic", {}, True),
    Row("list-100k", "list, 100,000 tiny files", "tiny-100k", "list", "belay restic", {}, True),
    Row("list-1m", "list, 1,000,000 tiny files", "tiny-1m", "list", "belay restic", {}, True),
]

DERIVED = [
    Derived("size-src", "repository size, src", "first-src", "repository_bytes", {"restic": 1.00, "borg": 1.05}),
    Derived("size-big", "repository size, big", "first-big", "repository_bytes", {"restic": 1.00, "borg": 1.05}),
    Derived("memory-src", "peak memory, first backup, src", "first-src", "peak_bytes", {"restic": 1.3}),
    Derived("memory-big", "peak memory, first backup, big", "first-big", "peak_bytes", {"restic": 1.3}),
    Derived("memory-tiny", "peak memory, first backup, tiny", "first-tiny", "peak_bytes", {"restic": 1.3}),
    Derived("memory-1m", "peak memory, first backup, 1,000,000 files", "first-1m", "peak_bytes", {"restic": 1.3}),
    # Flat means within the scatter of a measurement.
    Derived("memory-flat", "peak memory, 1,000,000 files against 100,000", "first-1m", "peak_bytes",
            over="first-100k", goal=1.1),
    Derived("scale-first", "10x the files, first backup", "first-1m", "seconds", over="first-100k", goal=10.5),
    Derived("scale-unchanged", "10x the files, unchanged", "unchanged-1m", "seconds", over="unchanged-100k",
            goal=10.5),
    Derived("scale-list", "10x the files, list", "list-1m", "seconds", over="list-100k", goal=1.2),
]


def select(names, with_heavy):
    """The rows to run for `names`: all that are not heavy if there are none. Raises KeyError for an unknown name."""
    if not names:
        return [row for row in ROWS if with_heavy or not row.is_heavy]
    by_name = {row.name: row for row in ROWS}
    wanted = []
    for name in names:
        derived = next((row for row in DERIVED if row.name == name), None)
        wanted += derived.needs if derived else [by_name[name].name]
    return [row for row in ROWS if row.name in wanted]
