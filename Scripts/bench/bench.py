#!/usr/bin/env python3
"""Measures belay beside its peers, step by step, and writes the table of docs/benchmarks.md.

The tools of a row take turns, run by run, with everything in the page cache and written out before. A binary is named by
BELAY=, RESTIC= or BORG= in the environment or found on the PATH; a tool that is missing leaves its column empty.

  bench.py                              all rows but the heavy ones, three runs each
  bench.py --row unchanged-src          one row; may be repeated
  bench.py --scale 0.02 --docs FILE     a quick try that does not touch the table
  bench.py --report FILE                the table again, from raw results
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys

import measure
import report
import rows
from steps import HERE, Steps
from tools import TOOLS

ROOT = os.path.dirname(os.path.dirname(HERE))


def say(text):
    print(text, file=sys.stderr, flush=True)


def versions(work):
    """The first line that each tool says about itself; None for those that are missing."""
    found = {}
    for name, kind in TOOLS.items():
        tool = kind(work)
        found[name] = measure.first_line(tool.version_command()) if tool.binary else None
    found["zstd"] = measure.first_line(["zstd", "--version"])
    return found


def run_row(steps, row, names, count):
    """Runs a row and returns {tool: [measurement…]}; a tool that fails is left out from there on."""
    results = {name: [] for name in names}
    failed = {}

    def attempt(name, action):
        try:
            return action()
        except measure.CommandFailed as error:
            say(f"  {name} failed: {error}")
            failed[name] = str(error)
            return None

    able = []
    for name in names:
        # One tool's trouble with the preparation must not take the row from the others.
        attempt(name, lambda: name == "walk" or row.step in ("first", "prune") or steps.stored(row, name))
        if name not in failed:
            able.append(name)
    steps.begin(row, able)
    try:
        for number in range(count):
            steps.begin_round(row, able, number)
            # Whoever comes first finds the caches as the one before left them: take turns at that too.
            turn = number % len(able) if able else 0
            for name in able[turn:] + able[:turn]:
                if name in failed:
                    continue
                result = attempt(name, lambda: getattr(steps, row.step)(row, name, number))
                if result:
                    results[name].append(result)
                    say(f"  {name:10} {result['seconds']:9.3f} s  {result['peak_bytes'] / 1e6:7.0f} MB")
    finally:
        steps.end(row, [name for name in able if name not in failed])
    for name, error in failed.items():
        results[name] = {"error": error}
    return results


def results_file(arguments):
    """Where the raw results go. Runs of one day on one host at one scale share a file, row by row."""
    date = datetime.date.today().isoformat()
    scale = "" if arguments.scale == 1 else f"-scale{arguments.scale:g}"
    return f"{arguments.results}/{date}-{arguments.host}{scale}.json"


def load(path):
    try:
        with open(path) as file:
            return json.load(file)
    except FileNotFoundError:
        return {"rows": {}}


def measure_rows(arguments, selected):
    work = os.path.abspath(arguments.work)
    data = f"{work}/data"
    os.makedirs(data, exist_ok=True)
    os.makedirs(arguments.results, exist_ok=True)
    steps = Steps(work, data, arguments.seed, arguments.scale, not arguments.default_key)
    steps.versions = versions(work)
    wanted = arguments.tools.split(",") if arguments.tools else [*TOOLS, "walk"]
    steps.versions["walk"] = steps.versions["belay"]

    path = results_file(arguments)
    document = load(path)
    document["machine"] = measure.machine(work)
    document["versions"] = {**document.get("versions", {}), **steps.versions}
    document["data"] = {"seed": arguments.seed, "scale": arguments.scale}
    document["belay_key"] = "file" if arguments.default_key else "password"
    is_clean = True
    for row in selected:
        # In a process of its own: what it needs in memory must not count for the tools.
        command = [
            sys.executable, f"{HERE}/make-datasets.py", data, row.dataset, "--seed", str(arguments.seed),
            "--scale", str(arguments.scale)]
        subprocess.run(command, check=True)
        names = [name for name in row.tools if name in wanted and steps.versions.get(name)]
        say(f"{row.name}: {', '.join(names) or 'no tool is there'}")
        if not names:
            continue
        results = run_row(steps, row, names, arguments.runs)
        is_clean = is_clean and not any("error" in result for result in results.values())
        finished = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        document["rows"][row.name] = {"finished": finished, "tools": results}
        with open(path + ".new", "w") as file:
            json.dump(document, file, indent=1, sort_keys=True)
        os.replace(path + ".new", path)
    return path, is_clean


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--row", action="append", metavar="NAME", help="run this row; --list-rows names them")
    parser.add_argument("--list-rows", action="store_true")
    parser.add_argument("--heavy", action="store_true", help="with the rows of up to 1,000,000 files")
    parser.add_argument("--tools", help="only these, separated by commas")
    parser.add_argument("--runs", type=int, default=3, help="runs of each tool, of which the median counts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0, help="a part of the data, such as 0.02")
    parser.add_argument("--default-key", action="store_true", help="belay with its key file instead of a password")
    parser.add_argument("--work", default=f"{os.environ.get('TMPDIR', '/tmp')}/belay-bench",
                        help="scratch folder for data and repositories, up to 40 GB; kept for the next run")
    parser.add_argument("--clean", action="store_true", help="only delete the scratch folder")
    parser.add_argument("--results", default=f"{ROOT}/Benchmarks/runs", help="folder for raw results")
    parser.add_argument("--host", default=platform.node().split(".")[0] or "host", help="names the raw results")
    parser.add_argument("--docs", help="the file with the table; docs/benchmarks.md at full scale")
    parser.add_argument("--report", metavar="FILE", help="run nothing, make the table from FILE")
    arguments = parser.parse_args()

    if arguments.list_rows:
        for row in [*rows.ROWS, *rows.DERIVED]:
            print(f"{row.name:16} {row.title}")
        return 0
    if arguments.clean:
        measure.empty(os.path.abspath(arguments.work))
        return 0
    try:
        selected = rows.select(arguments.row, arguments.heavy)
    except KeyError as error:
        parser.error(f"no row is called {error}; --list-rows names them")
    is_clean, path = True, arguments.report
    if not path:
        path, is_clean = measure_rows(arguments, selected)
        say(f"raw results: {path}")
    document = load(path)
    docs = arguments.docs or (f"{ROOT}/docs/benchmarks.md" if document.get("data", {}).get("scale") == 1 else None)
    text = report.render(document)
    if docs:
        report.update(docs, text)
        say(f"table: {docs}")
    else:
        print(text)
    return 0 if is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
