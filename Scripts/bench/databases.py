#!/usr/bin/env python3
"""Measures how databases are stored and brought back, beside the databases' own tools, restic and borg, and writes the
second table of docs/benchmarks.md.

  databases.py                    SQLite and, where a server is installed, PostgreSQL; three runs
  databases.py --size 50          databases of about 50 MB instead of 500
  databases.py --only sqlite      one engine

Binaries are named by BELAY=, RESTIC= and BORG=, as for bench.py. Growth is what a repository's files gain in length.
"""

import argparse
import glob
import json
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import threading
import time

import measure
import report
from tools import find

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BEGIN = "<!-- databases: begin; written by Scripts/bench/databases.py -->"
END = "<!-- databases: end -->"
WORDS = [line.strip() for line in (
    "amber basil cedar delta ember fjord grove hazel inlet jetty knoll lotus maple north ocean pearl quartz river stone "
    "tulip upland valley willow yonder zephyr order paid sent held late early gift return repeat first").split()]


def say(text):
    print(text, file=sys.stderr, flush=True)


def row(rng, key):
    note = " ".join(rng.choices(WORDS, k=rng.randrange(4, 24)))
    stamp = f"2026-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02} {rng.randrange(24):02}:{rng.randrange(60):02}"
    return key, rng.randrange(1, 50_000), stamp, rng.randrange(100, 99_999) / 100, rng.choice(WORDS), note


class Place:
    """A folder with a project, belay's own folders, and a log."""

    def __init__(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
        self.folder, self.project, self.log = folder, f"{folder}/project", f"{folder}/log"
        os.makedirs(self.project)
        self.binaries = {name: find(name.upper(), name) for name in ("belay", "restic", "borg")}
        self.environment = {**os.environ, "RESTIC_PASSWORD": "x", "BORG_PASSPHRASE": "x", "BORG_BASE_DIR": f"{folder}/borg-home",
                            "RESTIC_CACHE_DIR": f"{folder}/restic-cache"}
        for kind in ("DATA", "CONFIG", "STATE", "CACHE"):
            self.environment[f"XDG_{kind}_HOME"] = f"{folder}/{kind.lower()}"

    def run(self, *argv, **more):
        """The seconds that a command takes. With shell=True it is one line."""
        environment = {**self.environment, **more.get("environment", {})}
        line = ["bash", "-o", "pipefail", "-c", argv[0]] if more.get("shell") else list(argv)
        os.sync()
        return measure.run([(line, self.project, environment)], self.log).seconds

    def belay(self, *argv):
        return self.run(self.binaries["belay"], *argv)

    def fresh(self):
        """New and empty repositories."""
        for name in ("data", "config", "state", "cache", "restic", "restic-cache", "borg", "borg-home"):
            shutil.rmtree(f"{self.folder}/{name}", ignore_errors=True)
        self.belay("init", "--repository-only")
        if self.binaries["restic"]:
            self.run(self.binaries["restic"], "-r", f"{self.folder}/restic", "init")
        if self.binaries["borg"]:
            self.run(self.binaries["borg"], "init", "-e", "repokey-blake2", f"{self.folder}/borg")

    def sizes(self):
        return {"belay": measure.size_of(f"{self.folder}/data"), "restic": measure.size_of(f"{self.folder}/restic"),
                "borg": measure.size_of(f"{self.folder}/borg")}

    def peers_store(self, stream):
        """restic and borg store what a command line prints."""
        if self.binaries["restic"]:
            self.run(f"{stream} | {self.binaries['restic']} -r {self.folder}/restic backup --stdin --stdin-filename db", shell=True)
        if self.binaries["borg"]:
            self.run(f"{stream} | {self.binaries['borg']} create -C zstd,3 {self.folder}/borg::{time.time_ns()} -", shell=True)

    def growth(self, change, restore, stream):
        """What each repository gains in bytes when `change` was carried out, from a repository of the unchanged state."""
        self.fresh()
        restore()
        self.belay("backup")
        self.peers_store(stream)
        before = self.sizes()
        change()
        self.belay("backup")
        self.peers_store(stream)
        after = self.sizes()
        restore()
        return {name: after[name] - before[name] for name in before if after[name] > 0}


class Writer(threading.Thread):
    """Writes all the while, and knows the longest time in which nothing could be written."""

    def __init__(self, write):
        super().__init__(daemon=True)
        self.write, self.stopping, self.longest, self.written = write, False, 0.0, 0

    def run(self):
        last = time.monotonic()
        while True:
            # One more after the end, so that the wait that is still going on counts.
            is_last = self.stopping
            try:
                self.write()
            except Exception:  # noqa: BLE001 - cut off or locked out: it tries again.
                time.sleep(0.002)
                continue
            now = time.monotonic()
            self.longest = max(self.longest, now - last)
            last = now
            self.written += 1
            if is_last:
                return

    def stop(self):
        self.stopping = True
        self.join()
        return self.longest


def median(function, count):
    return statistics.median(function() for _ in range(count))


# --- SQLite ---


def make_sqlite(path, megabytes):
    rng = random.Random(1)
    database = sqlite3.connect(path)
    database.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"
        "CREATE TABLE sale(id INTEGER PRIMARY KEY, customer INT, at TEXT, amount REAL, state TEXT, note TEXT);")
    rows = megabytes * 1_000_000 // 165
    for start in range(0, rows, 50_000):
        database.executemany("INSERT INTO sale VALUES (?, ?, ?, ?, ?, ?)",
                             [row(rng, key) for key in range(start, min(start + 50_000, rows))])
        database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return rows


def pages(path):
    """A digest of each page."""
    with open(path, "rb") as file:
        return [hash(page) for page in iter(lambda: file.read(4096), b"")]


def measure_sqlite(folder, megabytes, runs):
    place = Place(folder)
    live, kept = f"{place.project}/shop.db", f"{place.folder}/kept.db"
    say(f"sqlite: making {megabytes} MB")
    rows = make_sqlite(live, megabytes)
    shutil.copy(live, kept)
    with open(f"{place.project}/belay.yaml", "w") as file:
        file.write("databases: { shop: { sqlite: shop.db } }\n")
    results = {"bytes": os.path.getsize(live), "rows": rows}

    def restore():
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(live + suffix):
                os.remove(live + suffix)
        shutil.copy(kept, live)

    def first():
        place.fresh()
        return place.belay("backup")

    def own():
        for name in ("copy.db", "copy.db.zst"):
            if os.path.exists(f"{place.folder}/{name}"):
                os.remove(f"{place.folder}/{name}")
        return place.run(f"sqlite3 {live} '.backup {place.folder}/copy.db' && zstd -q -3 {place.folder}/copy.db", shell=True)

    measure.read_everything(place.project)
    pairs = [(first(), own()) for _ in range(runs)]
    results["snapshot"] = {"belay": statistics.median(a for a, _ in pairs), "own": statistics.median(b for _, b in pairs)}
    results["full"] = os.path.getsize(f"{place.folder}/copy.db.zst")
    say(f"  snapshot {results['snapshot']}")
    place.fresh()
    place.belay("backup")
    results["unchanged"] = {"belay": median(lambda: place.belay("backup"), runs), "list": median(lambda: place.belay("list"), runs)}
    say(f"  unchanged {results['unchanged']}")

    share = rows // 100

    def execute(*statements):
        database = sqlite3.connect(live)
        for statement in statements:
            if callable(statement):
                statement(database)
            else:
                database.execute(statement)
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()

    def append():
        rng = random.Random(2)
        execute(lambda database: database.executemany(
            "INSERT INTO sale VALUES (?, ?, ?, ?, ?, ?)", [row(rng, rows + key) for key in range(share)]))

    results["growth"] = {}
    changes = {
        "appended": append,
        "range": lambda: execute(f"UPDATE sale SET amount = amount + 1 WHERE id BETWEEN {rows // 2} AND {rows // 2 + share - 1}"),
        "scattered": lambda: execute(f"UPDATE sale SET amount = amount + 1 WHERE id % 100 = 7"),
    }
    for name, change in changes.items():
        results["growth"][name] = place.growth(
            change, restore, f"(sqlite3 {live} '.backup {place.folder}/stream.db' && cat {place.folder}/stream.db)")
        before = pages(kept)
        change()
        after = pages(live)
        restore()
        changed = sum(1 for one, other in zip(before, after) if one != other) + max(0, len(after) - len(before))
        results["growth"][name]["pages"] = changed / len(before)
        say(f"  growth, {name}: {results['growth'][name]}")

    # Brought back under a writer.
    gaps, times = [], []
    for _ in range(runs):
        place.fresh()
        restore()
        place.belay("backup")
        execute("UPDATE sale SET amount = 0 WHERE id % 100 = 7")
        connection = sqlite3.connect(live, timeout=60, check_same_thread=False, isolation_level=None)
        connection.execute("CREATE TABLE IF NOT EXISTS beat(n INT)")

        def beat():
            connection.execute("CREATE TABLE IF NOT EXISTS beat(n INT)")
            connection.execute("INSERT INTO beat VALUES (1)")
            time.sleep(0.001)

        writer = Writer(beat)
        writer.start()
        times.append(place.belay("rollback", "latest", "--only", "shop", "--yes"))
        gaps.append(writer.stop())
        connection.close()
        if sqlite3.connect(live).execute("SELECT count(*) FROM sale WHERE amount = 0").fetchone()[0] != 0:
            raise SystemExit("the rollback has not brought the rows back")
    results["rollback"] = {"seconds": statistics.median(times), "away": statistics.median(gaps)}
    say(f"  rollback {results['rollback']}")
    return results


# --- PostgreSQL ---


class Server:
    """A server of our own on a socket in a folder."""

    def __init__(self, folder):
        self.programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))[-1]
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        self.prefix = []
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
            self.prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.do("initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "--no-sync")
        self.do("pg_ctl", "-D", f"{folder}/data", "-l", f"{folder}/server-log", "-w", "-o",
                f"-k {folder} -c listen_addresses= -c shared_buffers=512MB -c max_wal_size=4GB -c autovacuum=off", "start")
        self.environment = {"PGHOST": folder, "PGUSER": "postgres"}

    def do(self, program, *argv):
        subprocess.run([*self.prefix, f"{self.programs}/{program}", *argv], check=True, cwd="/", stdout=subprocess.DEVNULL)

    def sql(self, text, database="shop"):
        command = [f"{self.programs}/psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", text]
        return subprocess.run(command, check=True, env={**os.environ, **self.environment}, capture_output=True, text=True).stdout

    def stop(self):
        self.do("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop")


def measure_postgres(folder, megabytes, runs):
    place = Place(f"{folder}/belay")
    server = Server(f"{folder}/server")
    try:
        return measure_server(place, server, megabytes, runs)
    finally:
        server.stop()


def measure_server(place, server, megabytes, runs):
    place.environment.update(server.environment)
    place.environment["PATH"] = f"{server.programs}:{os.environ['PATH']}"
    say(f"postgres: making {megabytes} MB")
    server.sql("CREATE DATABASE shop", "postgres")
    place.run("pgbench", "-i", "-q", "-s", str(max(1, megabytes // 15)), "shop")
    server.sql("CREATE DATABASE kept TEMPLATE shop", "postgres")
    with open(f"{place.project}/belay.yaml", "w") as file:
        file.write("databases: { shop: { postgres: shop } }\n")
    rows = int(server.sql("SELECT count(*) FROM pgbench_accounts"))
    results = {"bytes": int(server.sql("SELECT pg_database_size('shop')")), "rows": rows, "version": server.sql("SHOW server_version").strip()}
    dump = f"{place.folder}/dump"

    def restore():
        server.sql("DROP DATABASE IF EXISTS shop WITH (FORCE)", "postgres")
        server.sql("CREATE DATABASE shop TEMPLATE kept STRATEGY FILE_COPY", "postgres")

    def first():
        place.fresh()
        return place.belay("backup")

    turns = [(first(), place.run("pg_dump -Fc -Z0 shop > /dev/null", shell=True), place.run(f"pg_dump -Fc -f {dump} shop", shell=True))
             for _ in range(runs)]
    results["snapshot"] = dict(zip(("belay", "null", "file"), (statistics.median(column) for column in zip(*turns))))
    results["full"] = os.path.getsize(dump)
    say(f"  snapshot {results['snapshot']}")
    share = rows // 100
    changes = {
        "appended": f"INSERT INTO pgbench_accounts SELECT {rows} + g, 1, 0, '' FROM generate_series(1, {share}) g",
        "range": f"UPDATE pgbench_accounts SET abalance = aid % 7919 WHERE aid BETWEEN {rows // 2} AND {rows // 2 + share - 1}",
        "scattered": "UPDATE pgbench_accounts SET abalance = aid % 7919 WHERE aid % 100 = 7",
    }
    results["growth"] = {}
    for name, change in changes.items():
        results["growth"][name] = place.growth(lambda: server.sql(change), restore, "pg_dump -Fc -Z0 shop")
        say(f"  growth, {name}: {results['growth'][name]}")

    times, bare, gaps = [], [], []
    for _ in range(runs):
        place.fresh()
        restore()
        place.belay("backup")
        server.sql("UPDATE pgbench_accounts SET abalance = -1 WHERE aid % 100 = 7")
        place.run(f"pg_dump -Fc -Z0 -f {dump} kept", shell=True)
        server.sql("CREATE TABLE beat(n int)")

        def beat():
            server.sql("CREATE TABLE IF NOT EXISTS beat(n int); INSERT INTO beat VALUES (1)")

        writer = Writer(beat)
        writer.start()
        output = subprocess.run(
            [place.binaries["belay"], "rollback", "latest", "--only", "shop", "--yes", "--json"], cwd=place.project,
            env=place.environment, check=True, capture_output=True, text=True).stdout
        gaps.append(writer.stop())
        summary = json.loads(output.splitlines()[-1])
        if server.sql("SELECT count(*) FROM pgbench_accounts WHERE abalance = -1").strip() != "0":
            raise SystemExit("the rollback has not brought the rows back")
        # Without a writer, and without the safety snapshot of what is there, which both tools would need first.
        server.sql("UPDATE pgbench_accounts SET abalance = -1 WHERE aid % 100 = 7")
        started = time.monotonic()
        output = subprocess.run(
            [place.binaries["belay"], "rollback", "latest~1", "--only", "shop", "--yes", "--json"], cwd=place.project,
            env=place.environment, check=True, capture_output=True, text=True).stdout
        summary = json.loads(output.splitlines()[-1])
        times.append({"all": time.monotonic() - started, "load": summary["load_seconds"], "exchange": summary["databases"][0]["exchange_seconds"]})
        server.sql("CREATE DATABASE bare", "postgres")
        bare.append(place.run(f"pg_restore -j2 -d bare {dump}", shell=True))
        server.sql("DROP DATABASE bare", "postgres")
        for name in server.sql("SELECT datname FROM pg_database WHERE datname LIKE 'shop_belay%'", "postgres").split():
            server.sql(f"DROP DATABASE {name}", "postgres")
    results["rollback"] = {key: statistics.median(one[key] for one in times) for key in ("all", "load", "exchange")}
    results["rollback"].update({"bare": statistics.median(bare), "away": statistics.median(gaps)})
    say(f"  rollback {results['rollback']}")
    return results


# --- The table ---


def ratio(value, other, goal, relation="≤"):
    quotient = value / other
    is_reached = quotient <= goal if relation == "≤" else quotient >= goal
    return f"{quotient:.3g} ({relation} {goal}) {'reached' if is_reached else '**missed**'}"


def growth_lines(title, results, limits):
    lines = []
    for name, words in (("appended", "1 % of the rows appended"), ("range", "1 % changed in one range"), ("scattered", "1 % changed, scattered")):
        growth = results["growth"][name]
        cells = [f"{growth[tool] / results['full']:.1%}" if tool in growth else "" for tool in ("belay", "restic", "borg")]
        lines.append(f"| growth, {title}, {words} | {' | '.join(cells)} | of a full copy, compressed | {limits(name, growth)} |")
    return lines


def render(document):
    lines = ["| what | belay | restic | borg | the other | ratio (goal) |", "|---|---|---|---|---|---|"]
    if "sqlite" in document:
        one = document["sqlite"]
        snapshot, unchanged = one["snapshot"], one["unchanged"]
        lines.append(
            f"| snapshot of SQLite, {one['bytes'] / 1e6:.0f} MB | {snapshot['belay']:.2f} s | | | `.backup` and `zstd -3`: {snapshot['own']:.2f} s | "
            f"as fast by {ratio(snapshot['own'], snapshot['belay'], 1.5, '≥')} |")
        more = unchanged["belay"] - unchanged["list"]
        lines.append(
            f"| unchanged SQLite | {unchanged['belay']:.3f} s | | | `belay list`: {unchanged['list']:.3f} s | "
            f"{more * 1000:.0f} ms more (≤ 50) {'reached' if more <= 0.05 else '**missed**'} |")

        def limits(name, growth):
            if name != "scattered":
                return ratio(growth["belay"], one["full"], 0.04)
            return f"{growth['pages']:.1%} of the pages: " + ratio(growth["belay"] / one["full"], growth["pages"], 1.6)

        lines += growth_lines("SQLite", one, limits)
        away = one["rollback"]["away"]
        lines.append(
            f"| SQLite brought back, with a safety snapshot | {one['rollback']['seconds']:.2f} s | | | a writer waits {away:.2f} s | "
            f"(≤ 1 s) {'reached' if away <= 1 else '**missed**'} |")
    if "postgres" in document:
        one = document["postgres"]
        snapshot, back = one["snapshot"], one["rollback"]
        lines.append(
            f"| snapshot of PostgreSQL {one['version'].split()[0]}, {one['bytes'] / 1e6:.0f} MB | {snapshot['belay']:.2f} s | | | "
            f"`pg_dump -Fc -Z0` to nowhere: {snapshot['null']:.2f} s; `pg_dump -Fc` to a file: {snapshot['file']:.2f} s | {ratio(snapshot['belay'], snapshot['null'], 1.15)} |")
        lines += growth_lines(
            "PostgreSQL", one,
            lambda name, growth: ratio(growth["belay"], one["full"], 0.04) if name != "scattered" else
            "below both: " + ("reached" if growth["belay"] < min(growth.get("restic", 1e18), growth.get("borg", 1e18)) else "**missed**"))
        lines.append(
            f"| PostgreSQL loaded, compared and exchanged | {back['load'] + back['exchange']:.2f} s; with a safety snapshot {back['all']:.2f} s | | | `pg_restore -j2`: {back['bare']:.2f} s | "
            f"{ratio(back['load'] + back['exchange'], back['bare'], 1.1)} |")
        lines.append(f"| PostgreSQL away for a writer | {back['away']:.2f} s | | | | (≤ 1 s) {'reached' if back['away'] <= 1 else '**missed**'} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", default=f"{ROOT}/.build/bench-databases")
    parser.add_argument("--size", type=int, default=500, metavar="MB")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=("sqlite", "postgres"))
    parser.add_argument("--docs", metavar="FILE", help="put the table there")
    arguments = parser.parse_args()
    work = os.path.abspath(arguments.work)
    os.makedirs(work, exist_ok=True)
    path = f"{work}/results.json"
    document = json.load(open(path)) if os.path.exists(path) else {}
    if arguments.only != "postgres":
        document["sqlite"] = measure_sqlite(f"{work}/sqlite", arguments.size, arguments.runs)
    if arguments.only != "sqlite" and glob.glob("/usr/lib/postgresql/*/bin/initdb"):
        document["postgres"] = measure_postgres(f"{work}/postgres", arguments.size, arguments.runs)
    with open(path, "w") as file:
        json.dump(document, file, indent=1)
    table = render(document)
    if arguments.docs:
        report.BEGIN, report.END = BEGIN, END
        report.update(arguments.docs, table)
    print(table)


if __name__ == "__main__":
    main()
