#!/usr/bin/env python3
"""Kills belay, and looks whether anything was lost.

First at chosen instants: every run is killed at its first, second, third … rename, fsync, unlink and so on, until it gets
through. Then, until the time is over, at random instants: backups, checkpoints, cleanups and changes of keys, sometimes two
at once, sometimes with restic on the same repository, which is killed too.

After every kill, without any repair: every reported snapshot is listed and restores to the very state that the project had;
`belay verify --read-data` finds nothing; now and then, and at the end, `restic check --read-data` finds nothing and restic
restores the same; and the next run succeeds. What fails stops the campaign with status 1, the seed, and everything kept.

The seed decides the project, the order of actions and the instants; how far a process gets until then it cannot.
"""

import argparse
import collections
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from actions import Actions
from clients import CALLS, Clients, Failure
from project import Project
from truth import Truth

# Runs make thousands of these; with the others every single one is tried.
STRIDES = {"open": 7, "write": 3}


class Campaign:
    def __init__(self, arguments, work):
        self.random = random.Random(arguments.seed)
        self.clients = Clients(work, arguments.belay, arguments.restic)
        self.work = work
        self.deep_every = arguments.deep_every
        self.kills = collections.Counter()
        self.rounds = 0
        self.project = Project(self.clients.project, self.random)
        self.truth = Truth(self.clients, self.random)
        self.actions = Actions(self.clients, self.truth, self.random)
        self.clients.belay("init", "--repository-only").must_succeed()
        self.clients.use_key_file()

    def prepare(self):
        """Some history, made without a kill, so that a cleanup has something to do."""
        for _ in range(4):
            self.project.change()
            self.truth.look()
            self.truth.reported(self.clients.belay("backup", "--json").must_succeed())
        self.truth.take_stock()

    def after(self, name, outcome, instant):
        """Counts a run, and looks at what it has left behind."""
        self.rounds += 1
        if outcome.was_killed:
            self.kills[f"{name}, {instant}"] += 1
        elif outcome.status != 0:
            outcome.must_succeed()
        self.truth.reported(outcome)
        self.truth.inspect(deeply=self.rounds % self.deep_every == 0)

    def next_run(self):
        """The run after a kill: it needs no repair."""
        self.truth.arriving = None
        outcome = self.clients.belay("backup", "--json").must_succeed()
        if not self.truth.reported(outcome):
            raise Failure(f"{outcome.what} succeeded and reported no snapshot")
        self.truth.take_stock()

    # At chosen instants

    def exhaust(self, deadline):
        """Kills each kind of run at each of its calls, always from the same beginning."""
        self.project.change()
        self.truth.look()
        self.save("begin")
        for kind in CALLS:
            for name in ("backup", "cleanup", "checkpoint"):
                yield self.exhaust_calls(name, kind, deadline)
        self.load("begin")

    def exhaust_calls(self, name, kind, deadline):
        number = 1
        while time.monotonic() < deadline:
            self.load("begin")
            outcome = self.actions.run(name, call=(kind, number))
            self.after(name, outcome, f"at a {kind}")
            if not outcome.was_killed:
                step = STRIDES.get(kind, 1)
                return f"{name}: killed at each {kind}" + (f", in steps of {step}," if step > 1 else "") + f" up to {number - 1}"
            self.next_run()
            number += STRIDES.get(kind, 1)
        return f"{name}: the time was over before {kind} number {number}"

    def save(self, name):
        """Keeps repository and caches as they are now."""
        for part in ("repository", "cache"):
            shutil.copytree(f"{self.work}/{part}", f"{self.work}/{name}/{part}", symlinks=True)
        self.saved = (dict(self.truth.states), dict(self.truth.checkpoints), list(self.truth.order))

    def load(self, name):
        for part in ("repository", "cache"):
            shutil.rmtree(f"{self.work}/{part}")
            shutil.copytree(f"{self.work}/{name}/{part}", f"{self.work}/{part}", symlinks=True)
        states, checkpoints, order = self.saved
        self.truth.states, self.truth.checkpoints, self.truth.order = dict(states), dict(checkpoints), list(order)
        self.truth.expiring = set()

    # At random instants

    def endure(self, deadline):
        while time.monotonic() < deadline:
            self.project.change()
            self.truth.look()
            if self.random.random() < 0.3:
                self.two_at_once()
            else:
                name = self.actions.choose()
                outcome = self.actions.run(name, seconds=self.actions.instant(name))
                self.after(name, outcome, "at a random instant")
            self.next_run()
            if len(self.truth.order) > 6:
                # Uninterrupted, with the locks of the dead in its way.
                self.actions.run("cleanup").must_succeed()
                self.truth.take_stock()

    def two_at_once(self):
        """Two processes on one repository, one of them killed or none."""
        self.truth.arriving = None
        first, second = self.actions.choose_pair()
        seconds = self.actions.instant(first) if self.random.random() < 0.7 else None
        killed = self.actions.start(first, arriving=1, seconds=seconds)
        other = self.actions.start(second, arriving=1)
        results = [killed.finish(), other.finish()]
        results[1].must_succeed()
        self.truth.reported(results[1])
        self.after(f"{first} beside {second}", results[0], "at a random instant")

    def finish(self):
        self.truth.inspect(deeply=True)

    def summary(self):
        lines = [f"  {count:5}  {what}" for what, count in sorted(self.kills.items())]
        checks = ", ".join(f"{count} {what}" for what, count in self.truth.counts.items())
        return "\n".join([f"{sum(self.kills.values())} kills in {self.rounds} runs:", *lines, f"checks: {checks}"])


def can_trace():
    """Whether strace is there and may trace."""
    try:
        return subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def roomy_memory():
    """A folder in memory with room enough: what a kill leaves behind does not depend on the disk, and it is quicker."""
    try:
        status = os.statvfs("/dev/shm")
    except OSError:
        return None
    return "/dev/shm" if status.f_bavail * status.f_frsize > 1 << 30 else None


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--belay", required=True, help="the binary to torture")
    parser.add_argument("--restic", action="append", help="a restic to judge and to take turns; may be repeated")
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--deep-every", type=int, default=10, help="how often restic judges: every so many runs")
    parser.add_argument("--work", help="a new folder to work in; a temporary one unless given")
    parser.add_argument("--keep", action="store_true", help="keep that folder even if nothing fails")
    arguments = parser.parse_args()
    if not arguments.restic:
        named = [os.environ.get("BELAY_TEST_RESTIC"), os.environ.get("BELAY_TEST_RESTIC_OLD")]
        arguments.restic = [path for path in named if path] or [p for p in [shutil.which("restic")] if p]
    arguments.belay = os.path.abspath(arguments.belay)
    arguments.restic = [os.path.abspath(path) for path in arguments.restic]
    return arguments


def main():
    arguments = parse()
    work = arguments.work or tempfile.mkdtemp(prefix="belay-torture-", dir=roomy_memory())
    os.makedirs(work, exist_ok=True)
    print(f"seed {arguments.seed}, {arguments.minutes:g} minutes, in {work}", flush=True)
    if not arguments.restic:
        print("note: no restic is there, so it judges nothing", flush=True)
    began = time.monotonic()
    end = began + arguments.minutes * 60
    campaign = None
    try:
        campaign = Campaign(arguments, work)
        campaign.prepare()
        if can_trace():
            for line in campaign.exhaust(began + arguments.minutes * 60 * 0.6):
                print(f"  {line}", flush=True)
        else:
            print("note: strace is missing or may not trace, so nothing is killed at chosen calls", flush=True)
        campaign.endure(end)
        campaign.finish()
    except Failure as failure:
        print(f"\nFAILED in run {campaign.rounds + 1 if campaign else 0}: {failure}\n")
        if campaign:
            print(campaign.summary())
        print(f"again: Scripts/torture.sh --seed {arguments.seed} --minutes {arguments.minutes:g}\nkept: {work}")
        return 1
    print(campaign.summary())
    print(f"nothing was lost (seed {arguments.seed}, {time.monotonic() - began:.0f} s)")
    if not arguments.keep:
        shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
