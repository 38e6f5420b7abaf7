#!/usr/bin/env python3
"""Makes the data sets of the benchmarks from a seed: the same seed and scale give the same files, byte for byte.

  src        100,000 small source files in 10,000 nested folders, 1.3 GB; about 1 in 100 is a copy of another
  big        2 GiB in 6 files: half noise, half logs and tables
  tiny       300,000 files of 0 to 4 KiB in 30,000 folders
  tiny-100k, tiny-1m   the same kind with 100,000 and 1,000,000 files, to see what ten times the files cost
"""

import argparse
import json
import multiprocessing
import os
import shutil
import sys
import time

import content

# Part of every seed: raised when the bytes change, so that results of different data are not compared.
VERSION = 1
PIECE = 8 * content.MIB
BIG_FILES = [
    ("pictures/archive-1.bin", "noise", 512), ("pictures/archive-2.bin", "noise", 384),
    ("pictures/archive-3.bin", "noise", 128), ("logs/server.log", "log", 512),
    ("exports/orders.csv", "table", 320), ("data/events.db", "records", 192),
]
EXTENSIONS = ["c", "h", "h", "py", "py", "swift", "js", "ts", "sh", "md", "json", "java"]
# Folders and files that one generator makes, small enough to share out and large enough to have a character.
PROJECT_FOLDERS = 50
# 2025-01-01; files are up to a year older.
NEWEST = 1_735_689_600
YEAR = 365 * 86_400


def folder_names(rng, count, root):
    """`count` nested folders: each new one lies in one of those before it, at most eight deep."""
    folders = [root]
    while len(folders) < count:
        parent = folders[content.below(rng, len(folders))]
        if parent.count("/") - root.count("/") < 8:
            name = content.WORDS[content.below(rng, 4096)]
            folders.append(f"{parent}/{name}-{len(folders)}" if content.below(rng, 3) == 0 else f"{parent}/{name}")
            if folders[-1] in folders[:-1]:
                folders.pop()
    return folders


def source_size(rng):
    """About log-normal, as the sizes of source files are: half below 5 KB, a few of some hundred KB.

    In whole numbers only, because exp and cos differ in their last bit from one C library to another.
    """
    # The sum of twelve bytes is nearly normal, with mean 1530 and deviation 256: two octaves of size.
    octaves, fraction = divmod(2 * (sum(rng.randbytes(12)) - 1530), 256)
    return min(4820 * (256 + fraction) * (1 << (octaves + 16)) >> 24, 600_000)


def tiny_size(rng):
    return content.below(rng, 4097)


def make_project(job):
    """One project of a tree: its folders and files. Returns the number of files and bytes."""
    target, dataset, seed, number, folder_count, file_count, size_of = job
    rng = content.generator(VERSION, seed, dataset, number)
    style = content.SourceText(rng)
    folders = folder_names(rng, folder_count, f"{target}/{content.WORDS[number % 4096]}-{number:04d}")
    for folder in folders:
        os.makedirs(folder, exist_ok=True)
    total, last = 0, b""
    for index in range(file_count):
        # The first files go one to each folder, so that none is empty.
        folder = folders[index] if index < folder_count else folders[content.below(rng, folder_count)]
        word = content.WORDS[content.below(rng, 4096)]
        name = f"{word}_{index}.{EXTENSIONS[content.below(rng, len(EXTENSIONS))]}"
        if content.below(rng, 100) > 0:
            last = style.text(rng, size_of(rng))
        path = f"{folder}/{name}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.write(descriptor, last)
        os.close(descriptor)
        modified = NEWEST - content.below(rng, YEAR)
        os.utime(path, (modified, modified))
        total += len(last)
    return file_count, total


def make_tree(pool, target, dataset, seed, file_count, size_of):
    folder_count = max(1, file_count // 10)
    projects = max(1, folder_count // PROJECT_FOLDERS)

    def share(whole, number):
        return whole * (number + 1) // projects - whole * number // projects

    jobs = [
        (target, dataset, seed, number, share(folder_count, number), share(file_count, number), size_of)
        for number in range(projects)
    ]
    return [sum(column) for column in zip(*pool.imap_unordered(make_project, jobs, chunksize=1))]


def write_piece(job):
    path, offset, size, kind, names = job
    data = content.piece(kind, size, *names)
    descriptor = os.open(path, os.O_WRONLY)
    os.pwrite(descriptor, data, offset)
    os.close(descriptor)


def make_big(pool, target, seed, scale):
    jobs, total = [], 0
    for name, kind, mebibytes in BIG_FILES:
        size = int(mebibytes * content.MIB * scale)
        path = f"{target}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.truncate(size)
        for offset in range(0, size, PIECE):
            names = (VERSION, seed, name, offset)
            jobs.append((path, offset, min(PIECE, size - offset), kind, names))
        total += size
    for _ in pool.imap_unordered(write_piece, jobs, chunksize=1):
        pass
    for name, _, _ in BIG_FILES:
        os.utime(f"{target}/{name}", (NEWEST, NEWEST))
    return len(BIG_FILES), total


DATASETS = {
    "src": (100_000, source_size), "big": None, "tiny": (300_000, tiny_size),
    "tiny-100k": (100_000, tiny_size), "tiny-1m": (1_000_000, tiny_size),
}


def note_of(seed, scale, files, size):
    return {"version": VERSION, "seed": seed, "scale": scale, "files": files, "bytes": size}


def confirm(root, name, seed, scale, counts=None):
    """Writes beside a set what it is; without `counts` they are those of the files that are there."""
    files, size = counts or (0, 0)
    if not counts:
        for parent, _, names in os.walk(f"{root}/{name}"):
            files += len(names)
            size += sum(os.path.getsize(os.path.join(parent, name)) for name in names)
    with open(f"{root}/{name}.json", "w") as file:
        json.dump(note_of(seed, scale, files, size), file)


def make(root, name, seed, scale):
    """Makes data set `name` in `root`/`name` unless it is there with this seed and scale."""
    try:
        with open(f"{root}/{name}.json") as file:
            found = json.load(file)
        if found == note_of(seed, scale, found.get("files"), found.get("bytes")):
            return
    except FileNotFoundError:
        pass
    started = time.monotonic()
    target = f"{root}/{name}"
    shutil.rmtree(target, ignore_errors=True)
    os.makedirs(target)
    with multiprocessing.Pool() as pool:
        if name == "big":
            files, size = make_big(pool, target, seed, scale)
        else:
            count, size_of = DATASETS[name]
            files, size = make_tree(pool, target, name, seed, max(1, int(count * scale)), size_of)
    # Last, so that a set whose making was interrupted is made again.
    confirm(root, name, seed, scale, (files, size))
    seconds = time.monotonic() - started
    print(f"{name}: {files:,} files, {size / 1e6:,.1f} MB in {seconds:.1f} s", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", help="where the sets go, one folder each")
    parser.add_argument("sets", nargs="*", default=["src", "big", "tiny"], metavar="SET", help="default: src big tiny")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0, help="a part of the files or bytes, such as 0.02")
    arguments = parser.parse_intermixed_args()
    for name in arguments.sets:
        if name not in DATASETS:
            parser.error(f"no data set is called {name}; there are {', '.join(DATASETS)}")
        make(os.path.abspath(arguments.directory), name, arguments.seed, arguments.scale)


if __name__ == "__main__":
    main()
