"""Running belay and restic, and killing them."""

import dataclasses
import json
import os
import signal
import subprocess
import time


class Failure(Exception):
    """Something that must never happen has happened."""


@dataclasses.dataclass
class Outcome:
    """How a run ended."""

    what: str
    status: int
    output: bytes
    errors: bytes
    seconds: float

    @property
    def was_killed(self):
        return self.status == -signal.SIGKILL

    def document(self):
        """The last JSON object on standard output: what the program reported. None if it reported nothing whole."""
        for line in reversed(self.output.splitlines()):
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if isinstance(found, dict) and found.get("message_type") not in ("status", "verbose_status"):
                return found
        return None

    def must_succeed(self):
        if self.status != 0:
            # Such as a machine that runs out of memory: says nothing about belay.
            note = ", killed by somebody else" if self.was_killed else ""
            raise Failure(
                f"{self.what} ended with status {self.status}{note}\n{self.output.decode(errors='replace')[-2000:]}"
                f"\n{self.errors.decode(errors='replace')[-4000:]}")
        return self


# Kinds of calls at which a run can be killed: at its N-th, which is then not done.
CALLS = {
    "rename": "?rename,?renameat,?renameat2,?link,?linkat",
    "sync": "?fsync,?fdatasync,?syncfs,?sync_file_range",
    "unlink": "?unlink,?unlinkat,?rmdir",
    "write": "?write,?writev,?pwrite64,?pwritev,?pwritev2,?copy_file_range,?ftruncate",
    "open": "?open,?openat,?openat2,?creat,?mkdir,?mkdirat",
}


class Run:
    """A started command. It may be killed after some seconds, or at a call of some kind.

    strace counts the calls of each thread for itself: the kill comes when the first thread reaches its N-th.
    """

    def __init__(self, command, environment, folder, seconds=None, call=None):
        self.what = " ".join([os.path.basename(command[0]), *command[1:]])
        self.seconds = seconds
        if call:
            kind, number = call
            command = [
                "strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={CALLS[kind]}", "-e", "signal=none",
                "-e", f"inject={CALLS[kind]}:signal=KILL:when={number}", *command]
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def finish(self, limit=300):
        """Waits for the end, or kills."""
        wait = limit if self.seconds is None else max(0, self.began + self.seconds - time.monotonic())
        try:
            output, errors = self.process.communicate(timeout=wait)
        except subprocess.TimeoutExpired:
            self.process.kill()
            output, errors = self.process.communicate()
            if self.seconds is None:
                raise Failure(f"{self.what} did not end within {limit} s") from None
        return Outcome(self.what, self.process.returncode, output, errors, time.monotonic() - self.began)


class Clients:
    """The programs, with a home of their own below `work`."""

    def __init__(self, work, belay, restics):
        self.work = work
        self.belay_binary = belay
        self.restics = restics
        self.project = f"{work}/project"
        self.repository = f"{work}/repository"
        self.environment = {
            "PATH": os.environ.get("PATH", ""), "HOME": f"{work}/home", "LANG": "C.UTF-8", "TZ": "UTC",
            "SWIFT_BACKTRACE": "enable=no",
            "BELAY_REPOSITORY": self.repository, "RESTIC_REPOSITORY": self.repository,
            "RESTIC_CACHE_DIR": f"{work}/restic-cache", "RESTIC_PROGRESS_FPS": "0",
        }
        for kind in ("DATA", "CONFIG", "STATE", "CACHE"):
            self.environment[f"XDG_{kind}_HOME"] = f"{work}/{kind.lower()}"
        for folder in ("home", "data", "config", "state", "cache"):
            os.makedirs(f"{work}/{folder}", exist_ok=True)

    def use_key_file(self):
        """Lets restic open what belay opens with the key file that it made."""
        folder = f"{self.work}/config/belay/keys"
        names = [name for name in os.listdir(folder) if name.endswith(".key")]
        self.environment["RESTIC_PASSWORD_FILE"] = f"{folder}/{names[0]}"

    def start(self, *arguments, **how):
        return Run([self.belay_binary, *arguments, "--retry-lock", "60s"], self.environment, self.project, **how)

    def belay(self, *arguments, **how):
        return self.start(*arguments, **how).finish()

    def start_restic(self, *arguments, version=0, **how):
        return Run([self.restics[version], *arguments], self.environment, self.project, **how)

    def restic(self, *arguments, version=0, **how):
        return self.start_restic(*arguments, version=version, **how).finish()
