"""A small project that changes at random, and what is compared of it."""

import errno
import hashlib
import os
import stat

NAMES = [
    b"alpha", b"beta.txt", b"gamma delta", b"epsilon.c", "zeta-\u00e4\u00f6.md".encode(), b"eta\xff\xfe", b"theta\nline",
    b"-iota", b"kappa'quote", b"lambda\"double", b"mu\\back", b"nu.tar.gz",
]


class Project:
    """A folder with files of every kind that a backup has to bring back."""

    def __init__(self, root, random):
        self.root = os.fsencode(root)
        self.random = random
        self.counter = 0
        os.makedirs(self.root)
        for _ in range(50):
            self.add()
        for _ in range(3):
            self.add_large()

    def folders(self):
        found = [folder for folder, _, _ in os.walk(self.root)]
        return sorted(found)

    def files(self):
        found = []
        for folder, _, names in os.walk(self.root):
            found += [os.path.join(folder, name) for name in names]
        return sorted(path for path in found if stat.S_ISREG(os.lstat(path).st_mode))

    def new_path(self):
        self.counter += 1
        folder = self.random.choice(self.folders())
        return os.path.join(folder, b"%d-%s" % (self.counter, self.random.choice(NAMES)))

    def text(self, size):
        """Bytes that compress like text."""
        words = [b"%x" % self.random.getrandbits(20) for _ in range(200)]
        return b" ".join(self.random.choice(words) for _ in range(size // 5 + 1))[:size]

    def write(self, path, content):
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, self.random.choice([0o644, 0o600, 0o755, 0o4755, 0o444]))
        # Before 1970 too, and to the nanosecond.
        moment = self.random.randrange(-(10**9), 2 * 10**9) * 10**9 + self.random.randrange(10**9)
        os.utime(path, ns=(moment, moment))

    def add(self):
        path, kind = self.new_path(), self.random.random()
        files = self.files()
        if kind < 0.12:
            os.mkdir(path)
        elif kind < 0.20:
            os.symlink(self.random.choice([b"nowhere", b"../..", b"alpha", b"/etc/hostname"]), path)
        elif kind < 0.26 and files:
            os.link(self.random.choice(files), path)
        elif kind < 0.29:
            os.mkfifo(path, 0o640)
        elif kind < 0.33:
            self.write(path, b"")
            os.truncate(path, self.random.randrange(1, 1 << 20))
        elif kind < 0.37 and files:
            with open(self.random.choice(files), "rb") as file:
                self.write(path, file.read())
        else:
            self.write(path, self.text(self.random.choice([0, 1, 100, 3000, 20_000])))
            if self.random.random() < 0.2:
                set_attribute(path, b"user.note", self.text(20))

    def add_large(self):
        """Larger than one chunk, so that its blobs spread over packs."""
        size = self.random.randrange(600_000, 1_500_000)
        self.write(self.new_path(), self.random.randbytes(size // 2) + self.text(size // 2))

    def change(self):
        """What an hour of work does."""
        for _ in range(self.random.randrange(1, 8)):
            files, kind = self.files(), self.random.random()
            if kind < 0.45 or len(files) < 20:
                self.add()
            elif kind < 0.75:
                path = self.random.choice(files)
                with open(path, "ab") as file:
                    file.write(self.text(self.random.randrange(1, 5000)))
            elif kind < 0.80:
                self.add_large()
            else:
                os.unlink(self.random.choice(files))
        # What is large goes again, so that the project does not grow without end.
        large = [path for path in self.files() if os.path.getsize(path) > 500_000]
        if len(large) > 5:
            os.unlink(self.random.choice(large))


def set_attribute(path, name, value):
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise


def state(root):
    """Everything that has to come back: {path: facts}. The folder itself and belay's generated folder do not count."""
    root = os.fsencode(root)
    found, first_names = {}, {}
    for folder, folders, names in os.walk(root):
        if folder == root and b".belay" in folders:
            folders.remove(b".belay")
        folders.sort()
        for name in sorted(folders + names):
            path = os.path.join(folder, name)
            key, status = os.path.relpath(path, root), os.lstat(path)
            facts = [stat.filemode(status.st_mode), status.st_uid, status.st_gid, status.st_mtime_ns]
            if stat.S_ISLNK(status.st_mode):
                facts.append(os.readlink(path))
            elif stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    facts.append(hashlib.sha1(file.read(), usedforsecurity=False).hexdigest())
                facts.append(status.st_size)
                # Which other names the file has, said by the first of them.
                facts.append(first_names.setdefault(status.st_ino, key) if status.st_nlink > 1 else None)
            if not stat.S_ISLNK(status.st_mode):
                facts.append(tuple((n, os.getxattr(path, n)) for n in sorted(os.listxattr(path)) if n != "security.selinux"))
            found[key] = tuple(facts)
    return found


def difference(wanted, found):
    """In what two states differ, in a few lines; empty if in nothing."""
    lines = []
    for path in sorted(wanted.keys() | found.keys()):
        if wanted.get(path) != found.get(path):
            lines.append(f"{path!r}: was {wanted.get(path)}, came back as {found.get(path)}")
    return lines[:5] + ([f"and {len(lines) - 5} more"] if len(lines) > 5 else [])
