"""The programs that are compared, each behind the same few verbs.

A verb returns commands (argv, folder, environment) and runs nothing, so that the caller decides what is timed. All that a
tool keeps (repository, caches, keys) lies in one folder, which can be thrown away or copied as a whole.
"""

import os
import shutil

# Every repository is encrypted under this password, where the tool encrypts.
PASSWORD = "a password that only a benchmark may have"


class Tool:
    """One program with its state in `state`."""

    name = ""
    # The environment's variable that names the binary, for those that are not looked up by their own name alone.
    variable = None

    def __init__(self, state):
        self.state = state
        self.repository = f"{state}/repository"
        self.binary = find(self.variable, self.name)

    def environment(self):
        """Nothing of the user's reaches a tool."""
        return {"PATH": os.environ.get("PATH", ""), "HOME": f"{self.state}/home", "LANG": "C.UTF-8", "TZ": "UTC"}

    def command(self, *argv, folder="/"):
        return ([self.binary, *argv], folder, self.environment())

    def version_command(self):
        return [self.binary, "--version"]

    def initialize(self):
        return []


def find(variable, name):
    """The binary that the environment names, or else the first on the PATH; None if there is none."""
    named = os.environ.get(variable) if variable else None
    return shutil.which(named or name)


class Belay(Tool):
    name, variable = "belay", "BELAY"
    # False: the key lies in a file, as it does for users who choose nothing, and costs no derivation.
    has_password = True

    def environment(self):
        environment = super().environment()
        for kind in ("DATA", "CONFIG", "STATE", "CACHE"):
            environment[f"XDG_{kind}_HOME"] = f"{self.state}/{kind.lower()}"
        environment["BELAY_REPOSITORY"] = self.repository
        if self.has_password:
            environment["BELAY_PASSWORD"] = PASSWORD
        return environment

    def belay(self, *argv, project=None):
        place = ["-C", project] if project else []
        return self.command(*place, "--repo", self.repository, *argv)

    def initialize(self):
        return [self.belay("init", "--repository-only")]

    def backup(self, source):
        return [self.belay("backup", project=source)]

    def restore(self, source, target):
        return [self.belay("restore", "latest", "--to", target, project=source)]

    def roll_back(self, source):
        return [self.belay("rollback", "latest", "--yes", project=source)]

    def check(self):
        return [self.belay("verify", "--all", "--read-data")]

    def keep_last(self, count, source):
        return [self.belay("cleanup", "--keep-last", str(count), project=source)]

    def list(self, source):
        return [self.belay("list", project=source)]

    def walk(self, source):
        return [self.command("debug", "walk", source)]


class Restic(Tool):
    name, variable = "restic", "RESTIC"

    def environment(self):
        return {
            **super().environment(), "RESTIC_REPOSITORY": self.repository, "RESTIC_PASSWORD": PASSWORD,
            "RESTIC_CACHE_DIR": f"{self.state}/cache",
        }

    def version_command(self):
        return [self.binary, "version"]

    def initialize(self):
        return [self.command("init")]

    def backup(self, source):
        return [self.command("backup", ".", folder=source)]

    def restore(self, source, target):
        return [self.command("restore", "latest", "--target", target)]

    def roll_back(self, source):
        return [self.command("restore", "latest", "--target", source, "--delete")]

    def check(self):
        return [self.command("check", "--read-data")]

    def keep_last(self, count, source):
        return [self.command("forget", "--keep-last", str(count), "--prune")]

    def list(self, source):
        return [self.command("snapshots")]


class Borg(Tool):
    name, variable = "borg", "BORG"

    def environment(self):
        return {
            **super().environment(), "BORG_REPO": self.repository, "BORG_PASSPHRASE": PASSWORD,
            "BORG_BASE_DIR": f"{self.state}/base", "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
        }

    def initialize(self):
        return [self.command("init", "--encryption", "repokey-blake2")]

    def backup(self, source):
        name = "::{now:%Y-%m-%dT%H:%M:%S.%f}"
        return [self.command("create", "--compression", "zstd,3", name, ".", folder=source)]

    def restore(self, source, target):
        # borg extracts into the folder it is in, and takes no word such as "latest".
        script = '"$0" extract "::$("$0" list --last 1 --format "{archive}")"'
        return [(["sh", "-c", script, self.binary], target, self.environment())]

    def check(self):
        return [self.command("check", "--verify-data")]

    def keep_last(self, count, source):
        return [self.command("prune", "--keep-last", str(count)), self.command("compact")]

    def list(self, source):
        return [self.command("list")]


class Tar(Tool):
    """tar through zstd, with the threads and the level that the others have."""

    name = "tar+zstd"

    def __init__(self, state):
        super().__init__(state)
        self.binary = shutil.which("tar") if shutil.which("zstd") else None
        self.archive = f"{self.repository}/archive.tar.zst"

    def initialize(self):
        return [(["mkdir", "-p", self.repository], "/", self.environment())]

    def backup(self, source):
        return [self.command("-I", "zstd -3 -T2", "-cf", self.archive, ".", folder=source)]

    def restore(self, source, target):
        return [self.command("-I", "zstd", "-xf", self.archive, folder=target)]

    def check(self):
        return [(["zstd", "-t", "-q", self.archive], "/", self.environment())]


class Rsync(Tool):
    name = "rsync"

    def initialize(self):
        return [(["mkdir", "-p", self.repository], "/", self.environment())]

    def backup(self, source):
        return [self.command("-a", f"{source}/", f"{self.repository}/")]

    def roll_back(self, source):
        return [self.command("-a", "--delete", f"{self.repository}/", f"{source}/")]


class Copy(Tool):
    name = "cp"

    def initialize(self):
        return [(["mkdir", "-p", self.repository], "/", self.environment())]

    def backup(self, source):
        return [self.command("-a", "--reflink=never", f"{source}/.", self.repository)]

    def restore(self, source, target):
        return [self.command("-a", "--reflink=never", f"{self.repository}/.", target)]


TOOLS = {tool.name: tool for tool in (Belay, Restic, Borg, Tar, Rsync, Copy)}
