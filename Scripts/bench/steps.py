"""The steps that rows are made of: what is prepared untimed before each run, and what is timed.

A tool's state for a data set is made once and used by all rows; a note in it tells that it is whole and that its newest
snapshot is the data set as it is.
"""

import importlib.util
import json
import os
import shutil
import subprocess

import content
import measure
import tools

HERE = os.path.dirname(os.path.abspath(__file__))
# One file in so many is changed where a row says 0.1 %.
TOUCH_STRIDE = 1000
# How a large file changes between the snapshots of the prune row: of each group, one strip.
STRIP, GROUP = 2 * content.MIB, 8 * content.MIB
PRUNE_SNAPSHOTS, PRUNE_KEPT = 4, 2


def datasets_module():
    """make-datasets.py, which is a command first."""
    spec = importlib.util.spec_from_file_location("make_datasets", f"{HERE}/make-datasets.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def every_file(folder, stride, start):
    """Each `stride`-th file, in an order that depends on names alone."""
    index = 0
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if index % stride == start % stride:
                yield os.path.join(parent, name)
            index += 1


def overwrite_strips(folder, seed, generation):
    """Makes a quarter of each large file new: other noise, other lines."""
    for name, kind, _ in datasets_module().BIG_FILES:
        path = f"{folder}/{name}"
        size = os.path.getsize(path)
        with open(path, "r+b") as file:
            for offset in range((generation - 1) * STRIP, size, GROUP):
                file.seek(offset)
                file.write(content.piece(kind, min(STRIP, size - offset), seed, name, offset, generation))


class Steps:
    """Prepares and runs the steps of one benchmark."""

    def __init__(self, work, data, seed, scale, has_belay_password):
        self.work = work
        self.data = data
        self.seed = seed
        self.scale = scale
        tools.Belay.has_password = has_belay_password
        self.versions = {}

    # --- States ------------------------------------------------------------------------------------------------

    def source(self, dataset):
        return f"{self.data}/{dataset}"

    def tool(self, name, key):
        """A tool with its state for `key`, the data set or the row. The walk is belay's."""
        return tools.TOOLS["belay" if name == "walk" else name](f"{self.work}/state/{name}-{key}")

    def discard(self, path):
        measure.discard(path, f"{self.work}/trash")

    def log(self, row):
        os.makedirs(f"{self.work}/logs", exist_ok=True)
        return f"{self.work}/logs/{row.name}.log"

    def fresh(self, row, name, key):
        """A tool with an empty repository and empty caches."""
        tool = self.tool(name, key)
        self.discard(tool.state)
        os.makedirs(f"{tool.state}/home")
        measure.run(tool.initialize(), self.log(row))
        return tool

    def note(self, name, dataset):
        return {"version": self.versions.get(name), "seed": self.seed, "scale": self.scale, "dataset": dataset}

    def mark(self, tool, name, dataset):
        with open(f"{tool.state}/ready.json", "w") as file:
            json.dump(self.note(name, dataset), file)

    def unmark(self, tool):
        os.unlink(f"{tool.state}/ready.json")

    def stored(self, row, name):
        """A tool whose newest snapshot is the row's data set."""
        tool = self.tool(name, row.dataset)
        try:
            with open(f"{tool.state}/ready.json") as file:
                if json.load(file) == self.note(name, row.dataset):
                    return tool
        except FileNotFoundError:
            pass
        tool = self.fresh(row, name, row.dataset)
        measure.run(tool.backup(self.source(row.dataset)), self.log(row))
        self.mark(tool, name, row.dataset)
        return tool

    def settled(self, row, name):
        """The same after one more backup, so that what was used before does not tell in the next."""
        tool = self.stored(row, name)
        measure.run(tool.backup(self.source(row.dataset)), self.log(row))
        return tool

    def timed(self, row, commands):
        # What was written or deleted before must not be paid for now.
        os.sync()
        return measure.run(commands, self.log(row)).as_dictionary()

    # --- Before and after the runs of a row; each takes the names of all tools ----------------------------------

    def begin(self, row, names):
        source = self.source(row.dataset)
        measure.in_child(measure.read_everything, source)
        if row.step in ("unchanged", "touched", "roll_back"):
            for name in names:
                if name != "walk":
                    self.settled(row, name)
        if row.step in ("restore", "check", "list"):
            for name in names:
                measure.in_child(measure.read_everything, self.stored(row, name).repository)
        if row.step in ("touched", "roll_back"):
            # Until the end of the row neither the data set nor the states are what their notes say.
            os.unlink(f"{source}.json")
            for name in names:
                self.unmark(self.tool(name, row.dataset))
        if row.step == "prune":
            self.make_prune_states(row, names)

    def begin_round(self, row, names, number):
        if row.step == "touched":
            measure.in_child(self.touch, self.source(row.dataset), number)

    def end(self, row, names):
        if row.step in ("touched", "roll_back"):
            measure.in_child(self.take_back, self.source(row.dataset))
            for name in names:
                tool = self.tool(name, row.dataset)
                measure.run(tool.backup(self.source(row.dataset)), self.log(row))
                self.mark(tool, name, row.dataset)
            module = datasets_module()
            module.confirm(self.data, row.dataset, self.seed, self.scale)
        if row.step == "prune":
            self.discard(f"{self.work}/live")
            for name in names:
                state = self.tool(name, row.name).state
                self.discard(state)
                self.discard(f"{state}-master")

    # --- Steps -------------------------------------------------------------------------------------------------

    def first(self, row, name, number):
        tool = self.fresh(row, name, row.dataset)
        result = self.timed(row, tool.backup(self.source(row.dataset)))
        result["repository_bytes"] = measure.size_of(tool.repository)
        self.mark(tool, name, row.dataset)
        return result

    def unchanged(self, row, name, number):
        tool = self.tool(name, row.dataset)
        source = self.source(row.dataset)
        return self.timed(row, tool.walk(source) if name == "walk" else tool.backup(source))

    def touched(self, row, name, number):
        return self.unchanged(row, name, number)

    def restore(self, row, name, number):
        tool = self.tool(name, row.dataset)
        source, target = self.source(row.dataset), f"{self.work}/restored"
        self.discard(target)
        os.makedirs(target)
        result = self.timed(row, tool.restore(source, target))
        if number == 0:
            self.expect_equal(source, target)
        self.discard(target)
        return result

    def roll_back(self, row, name, number):
        tool, source = self.tool(name, row.dataset), self.source(row.dataset)
        # The newest snapshot is the one to go back to, whatever the run before has added.
        measure.run(tool.backup(source), self.log(row))
        measure.in_child(self.touch, source, number)
        result = self.timed(row, tool.roll_back(source))
        measure.in_child(self.expect_taken_back, source)
        return result

    def check(self, row, name, number):
        return self.timed(row, self.tool(name, row.dataset).check())

    def list(self, row, name, number):
        return self.timed(row, self.tool(name, row.dataset).list(self.source(row.dataset)))

    def prune(self, row, name, number):
        tool = self.tool(name, row.name)
        self.discard(tool.state)
        measure.copy(f"{tool.state}-master", tool.state)
        before = measure.size_of(tool.repository)
        result = self.timed(row, tool.keep_last(PRUNE_KEPT, f"{self.work}/live"))
        result["repository_bytes_before"] = before
        result["repository_bytes"] = measure.size_of(tool.repository)
        if number == 0:
            measure.run(tool.check(), self.log(row))
        return result

    def make_prune_states(self, row, names):
        """Four snapshots, between which a quarter of every large file changes, strip by strip.

        Forgetting the older two leaves half of the first snapshot's data dead, spread evenly over its packs.
        """
        live = f"{self.work}/live"
        self.discard(live)
        measure.copy(self.source(row.dataset), live)
        for generation in range(PRUNE_SNAPSHOTS):
            if generation > 0:
                measure.in_child(overwrite_strips, live, self.seed, generation)
            for name in names:
                tool = self.fresh(row, name, row.name) if generation == 0 else self.tool(name, row.name)
                measure.run(tool.backup(live), self.log(row))
        for name in names:
            state = self.tool(name, row.name).state
            self.discard(f"{state}-master")
            os.rename(state, f"{state}-master")

    # --- Changing files and taking it back ----------------------------------------------------------------------

    def touch(self, source, number):
        """Changes one file in a thousand, other ones in each round, and keeps what they were."""
        kept = f"{self.work}/kept"
        os.makedirs(kept, exist_ok=True)
        for path in every_file(source, TOUCH_STRIDE, 7 * number):
            copy = os.path.join(kept, os.path.relpath(path, source))
            # A file that is changed again keeps its first copy.
            if not os.path.exists(copy):
                os.makedirs(os.path.dirname(copy), exist_ok=True)
                shutil.copy2(path, copy)
            with open(path, "ab") as file:
                file.write(b"changed in round %d\n" % number)

    def kept_files(self, source):
        kept = f"{self.work}/kept"
        for copy in every_file(kept, 1, 0):
            yield copy, os.path.join(source, os.path.relpath(copy, kept))

    def take_back(self, source):
        for copy, path in self.kept_files(source):
            shutil.copy2(copy, path)
        measure.empty(f"{self.work}/kept")

    def expect_taken_back(self, source):
        for copy, path in self.kept_files(source):
            with open(copy, "rb") as old, open(path, "rb") as new:
                if old.read() != new.read():
                    raise measure.CommandFailed(f"{path} was not rolled back")

    def expect_equal(self, source, target):
        difference = subprocess.run(
            ["diff", "-rq", "--no-dereference", source, target], capture_output=True, text=True)
        if difference.returncode != 0:
            raise measure.CommandFailed(f"what was restored differs:\n{difference.stdout[:2000]}")
