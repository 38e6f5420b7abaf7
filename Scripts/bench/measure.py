"""Runs one command and says what it cost; describes the machine it ran on."""

import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time

# A peer that waits for something that never comes would wait for ever.
TIME_LIMIT = 3600


class CommandFailed(Exception):
    pass


class Cost:
    """What commands that ran one after the other cost together."""

    def __init__(self):
        self.seconds = 0.0
        self.cpu_seconds = 0.0
        self.peak_bytes = 0

    def add(self, seconds, usage):
        self.seconds += seconds
        self.cpu_seconds += usage.ru_utime + usage.ru_stime
        # Of the largest process, not their sum: Linux keeps no more.
        self.peak_bytes = max(self.peak_bytes, usage.ru_maxrss * 1024)

    def as_dictionary(self):
        return {
            "seconds": round(self.seconds, 4), "cpu_seconds": round(self.cpu_seconds, 3),
            "peak_bytes": self.peak_bytes,
        }


def run(commands, log):
    """Runs `commands` (argv, folder, environment) in turn and returns their cost. Raises if one of them fails.

    Linux hands a new process the peak memory of the one that started it, so nothing large is ever loaded here.
    """
    cost = Cost()
    for argv, folder, environment in commands:
        with open(log, "ab") as output:
            output.write(f"$ cd {folder} && {' '.join(argv)}\n".encode())
            output.flush()
            started = time.monotonic()
            process = subprocess.Popen(
                argv, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
            signal.signal(signal.SIGALRM, lambda *_: process.kill())
            signal.alarm(TIME_LIMIT)
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - started
            signal.alarm(0)
            # The process is reaped: tell its object, which would ask again.
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            with open(log, "rb") as output:
                tail = output.read()[-2000:].decode(errors="replace")
            raise CommandFailed(f"{' '.join(argv)} ended with {process.returncode}:\n{tail}")
        cost.add(seconds, usage)
    return cost


def in_child(function, *arguments):
    """Calls `function` in a child, so that its memory does not count for the commands that run later."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            function(*arguments)
            status = 0
        except BaseException as error:  # noqa: BLE001 - the child must not return into the caller's code.
            print(f"{function.__name__}: {error}", file=sys.stderr)
        finally:
            os._exit(status)
    if os.waitpid(child, 0)[1] != 0:
        raise CommandFailed(f"{function.__name__} failed")


def read_everything(*folders):
    """Brings what lies in `folders` into the page cache."""
    for folder in folders:
        for parent, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(parent, name)
                if not os.path.islink(path):
                    with open(path, "rb", buffering=0) as file:
                        while file.read(1 << 18):
                            pass


def size_of(folder):
    """The sum of the lengths of all files."""
    total = 0
    for parent, _, names in os.walk(folder):
        total += sum(os.lstat(os.path.join(parent, name)).st_size for name in names)
    return total


def discard(path, trash):
    """Puts `path` out of the way and gives back its space, but not its inodes.

    ext4 without a journal does not use an inode again for up to five minutes after it was freed, and searches past all of
    these each time it creates a file (`recently_deleted` in fs/ext4/ialloc.c): 100,000 files deleted between two runs
    would make the second many times slower. So nothing is deleted before `empty`.
    """
    if not os.path.lexists(path):
        return
    os.makedirs(trash, exist_ok=True)
    target = f"{trash}/{time.time_ns()}"
    os.rename(path, target)
    in_child(truncate_everything, target)


def truncate_everything(folder):
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            if os.path.isfile(path) and not os.path.islink(path):
                # Repositories protect their files from their owner too.
                os.chmod(path, 0o600)
                os.truncate(path, 0)


def empty(folder):
    """Deletes `folder` with all that is in it."""
    if os.path.isdir(folder):
        shutil.rmtree(folder)


def copy(source, target):
    subprocess.run(["cp", "-a", source, target], check=True)


def first_line(argv):
    try:
        result = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    except OSError:
        return None
    lines = (result.stdout or result.stderr).splitlines()
    return lines[0] if lines else None


def file_system(folder):
    """The type of the file system that holds `folder`: that of the longest mount point above it."""
    best = ("", "unknown")
    with open("/proc/mounts") as mounts:
        for line in mounts:
            _, point, kind = line.split()[:3]
            if (folder + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best[0]):
                best = (point, kind)
    return best[1]


def machine(work):
    """What a reader has to know to compare."""
    with open("/proc/cpuinfo") as file:
        cpu = file.read()

    def field(name):
        match = re.search(rf"^{name}\s*:\s*(.*)$", cpu, re.MULTILINE)
        return match.group(1) if match else "unknown"

    with open("/proc/meminfo") as file:
        memory = int(re.search(r"MemTotal:\s*(\d+)", file.read()).group(1)) * 1024
    flags = field("flags").split()
    release = platform.freedesktop_os_release() if hasattr(platform, "freedesktop_os_release") else {}
    return {
        "cpu": field("model name"), "cpu_family": field("cpu family"), "cpu_model": field("model"),
        "cores": os.cpu_count(),
        "flags": {name: name in flags for name in ("sha_ni", "avx2", "avx512f", "avx512bw", "aes", "vaes")},
        "memory_bytes": memory, "kernel": platform.release(), "system": release.get("PRETTY_NAME", "unknown"),
        "file_system": file_system(work),
    }
