"""What is done to a repository while it is killed."""

import collections
import json
import os

from clients import Failure

# How often each action is chosen.
WEIGHTS = {"backup": 6, "cleanup": 4, "checkpoint": 2, "release": 1, "key": 2, "restic backup": 2, "restic prune": 1}
PAIRS = [
    ("backup", "backup"), ("backup", "cleanup"), ("cleanup", "backup"), ("checkpoint", "backup"),
    ("cleanup", "cleanup"), ("backup", "restic backup"),
]


class Actions:
    """Starts actions, and notes in the truth what they may do."""

    def __init__(self, clients, truth, random):
        self.clients = clients
        self.truth = truth
        self.random = random
        # How long each action takes when nobody kills it; the last few of each.
        self.durations = collections.defaultdict(lambda: collections.deque([0.15], maxlen=7))
        self.names = 0
        self.keys = Keys(clients, random)

    def choose(self):
        actions = [name for name in WEIGHTS if self.clients.restics or not name.startswith("restic")]
        return self.random.choices(actions, [WEIGHTS[name] for name in actions])[0]

    def choose_pair(self):
        return self.random.choice([pair for pair in PAIRS if self.clients.restics or "restic backup" not in pair])

    def instant(self, name):
        """Any time from the start to a little after the usual end."""
        usual = sorted(self.durations[name])[len(self.durations[name]) // 2]
        return self.random.uniform(0, usual * 1.2)

    def run(self, name, **how):
        self.truth.arriving = None
        if name == "key":
            return self.keys.run(**how)
        outcome = self.start(name, **how).finish()
        if outcome.status == 0 and not how:
            self.durations[name].append(outcome.seconds)
        return outcome

    def start(self, name, arriving=0, **how):
        if name == "backup":
            return self.clients.start("backup", "--json", **how)
        if name == "checkpoint":
            self.names += 1
            return self.clients.start("checkpoint", f"mark-{self.names}", "--json", **how)
        if name == "release":
            return self.release(**how)
        if name == "cleanup":
            # At chosen calls the work has to be the same every time, and there has to be some.
            keep, unused = (2, "0") if how.get("call") else (self.random.randrange(2, 5), self.random.choice(["0", "5%"]))
            self.truth.expect_cleanup(keep, arriving)
            return self.clients.start(
                "cleanup", "--keep-last", str(keep), "--all-projects", "--max-unused", unused, "--json", **how)
        version = self.random.randrange(len(self.clients.restics))
        # restic leaves it to this command to take away the locks of the dead.
        self.clients.restic("unlock").must_succeed()
        if name == "restic backup":
            return self.clients.start_restic("backup", ".", "--json", version=version, **how)
        if name == "restic prune":
            keep = self.random.randrange(2, 5)
            self.truth.expect_cleanup(keep, arriving)
            return self.clients.start_restic(
                "forget", "--group-by", "", "--keep-last", str(keep), "--keep-tag", "belay:kind=checkpoint", "--prune",
                version=version, **how)
        raise ValueError(name)

    def release(self, **how):
        """Unpins a checkpoint: its snapshot is written anew without the name, then the old one is removed."""
        names = sorted(self.truth.checkpoints)
        if not names:
            return self.clients.start("list", "--json", **how)
        identifier = self.random.choice(names)
        self.truth.expiring.add(identifier)
        self.truth.arriving = self.truth.states[identifier]
        return self.clients.start("release", self.truth.checkpoints[identifier], "--json", **how)


class Keys:
    """Passwords beside the key file, and the keys that they open."""

    LIMIT = 3

    def __init__(self, clients, random):
        self.clients = clients
        self.random = random
        self.folder = f"{clients.work}/passwords"
        os.makedirs(self.folder, exist_ok=True)
        self.counter = 0
        # Password file -> id of its key, of all that must open the repository.
        self.known = {}

    def new_password(self):
        self.counter += 1
        path = f"{self.folder}/{self.counter}"
        with open(path, "w") as file:
            file.write(f"password {self.random.getrandbits(60):x}")
        return path

    def run(self, **how):
        """Adds, changes or removes a key, and looks afterwards which passwords open the repository."""
        if not self.known or (len(self.known) < self.LIMIT and self.random.random() < 0.4):
            new, old = self.new_password(), None
            outcome = self.clients.belay("key", "add", "--new-password-file", new, "--json", **how)
        elif self.random.random() < 0.5:
            new, old = self.new_password(), self.random.choice(sorted(self.known))
            outcome = self.clients.belay(
                "-p", old, "key", "change", "--new-password-file", new, "--json", **how)
        else:
            new, old = None, self.random.choice(sorted(self.known))
            outcome = self.clients.belay("key", "remove", self.known[old], "--json", **how)
        document = outcome.document()
        self.settle(outcome, old, new, document and document.get("id"))
        return outcome

    def settle(self, outcome, old, new, reported):
        opens = {path: self.opens(path) for path in (old, new) if path}
        if reported and new and not opens[new]:
            raise Failure(f"{outcome.what} reported a key, and its password does not open the repository")
        if reported and old and opens[old]:
            raise Failure(f"{outcome.what} reported that a key is gone, and its password still opens the repository")
        if old and new and not any(opens.values()):
            raise Failure(f"{outcome.what} was killed, and neither the old nor the new password opens the repository")
        self.known.pop(old, None)
        for path, opened in opens.items():
            if opened:
                self.known[path] = opened
        for path in self.known:
            if not self.opens(path):
                raise Failure(f"a password that was not touched does not open the repository after {outcome.what}")

    def opens(self, path):
        """The id of the key that the password opens; None if it opens none."""
        outcome = self.clients.belay("-p", path, "key", "list", "--json")
        if outcome.status == 12:
            return None
        return next(key["id"] for key in json.loads(outcome.must_succeed().output) if key["current"])
