"""What must hold after every kill."""

import json
import os
import shutil

from clients import Failure
from project import difference, state


class Truth:
    """The snapshots that were reported, each with the state of the project that it must give back."""

    def __init__(self, clients, random):
        self.clients = clients
        self.random = random
        self.states = {}
        # The state of the project now: that of every snapshot that appears.
        self.now = None
        # Snapshots that a cleanup may have removed, whether it was killed or not.
        self.expiring = set()
        # Starts of ids that were reported and not seen yet.
        self.prefixes = []
        # The state that appearing snapshots have, where it is not the project's: `release` writes an old one anew.
        self.arriving = None
        # Newest first, as belay lists them.
        self.order = []
        # Snapshot -> name.
        self.checkpoints = {}
        self.counts = {"restored by belay": 0, "restored by restic": 0, "restic check --read-data": 0}

    def look(self):
        """Notes the project's state, which stays the same until the next look."""
        self.now = state(self.clients.project)

    def expect_cleanup(self, keep, arriving=0):
        """Notes that all but the newest `keep` may go; `arriving` snapshots may be added before it decides."""
        certain = set(self.order[: max(0, keep - arriving)]) | set(self.checkpoints)
        self.expiring |= set(self.states) - certain

    def reported(self, outcome):
        """Notes what a run told of: what it has reported, it must have stored."""
        document = outcome.document()
        identifier = document and document.get("snapshot_id")
        if identifier and len(identifier) < 64:
            # restic 0.14 tells the start of the id only.
            self.prefixes.append(identifier)
        elif identifier:
            self.states.setdefault(identifier, self.now)
            if document.get("kind") == "checkpoint":
                self.checkpoints[identifier] = document.get("name")
        return identifier

    def inspect(self, deeply):
        """Looks at the repository without repairing anything, in the state that a kill has left."""
        self.take_stock()
        self.clients.belay("verify", "--read-data", "--json").must_succeed()
        for identifier in self.order:
            self.restore(identifier)
        if deeply and self.clients.restics:
            # restic itself leaves it to this command to take away the locks of the dead.
            self.clients.restic("unlock").must_succeed()
            self.check_with_restic()

    def take_stock(self):
        outcome = self.clients.belay("list", "--all-projects", "--json").must_succeed()
        listed = json.loads(outcome.output)
        self.order = [entry["id"] for entry in listed]
        for prefix in self.prefixes:
            if not self.expiring and not any(identifier.startswith(prefix) for identifier in self.order):
                raise Failure(f"the reported snapshot {prefix} is not there")
        self.prefixes = []
        for identifier in self.states.keys() - set(self.order):
            if identifier not in self.expiring:
                raise Failure(f"the reported snapshot {identifier} is not there any more")
            del self.states[identifier]
            self.checkpoints.pop(identifier, None)
        for entry in listed:
            # Stored, but killed before it could be reported: it must be as good as the others.
            self.states.setdefault(entry["id"], self.arriving or self.now)
            if entry.get("kind") == "checkpoint":
                self.checkpoints[entry["id"]] = entry.get("name")
        self.expiring &= set(self.order)

    def restore(self, identifier):
        target = f"{self.clients.work}/restored"
        shutil.rmtree(target, ignore_errors=True)
        self.clients.belay("restore", identifier, "--to", target).must_succeed()
        self.compare(identifier, target, "belay")

    def compare(self, identifier, target, name):
        lines = difference(self.states[identifier], state(target))
        if lines:
            raise Failure(f"snapshot {identifier}, restored by {name}, is not what was stored:\n" + "\n".join(lines))
        self.counts[f"restored by {name}"] += 1
        shutil.rmtree(target)

    def check_with_restic(self):
        self.clients.restic("check", "--read-data").must_succeed()
        self.counts["restic check --read-data"] += 1
        if self.order:
            identifier = self.random.choice(self.order)
            target = f"{self.clients.work}/restored-by-restic"
            shutil.rmtree(target, ignore_errors=True)
            os.makedirs(target)
            self.clients.restic("restore", identifier, "--target", target).must_succeed()
            self.compare(identifier, target, "restic")
