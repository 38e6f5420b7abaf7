#!/usr/bin/env python3
"""Runs the transcripts in the documents again, and writes down what is printed now.

  transcripts.py BELAY FILE...

A transcript is a block of console text. Lines that begin with `$ ` are typed; everything else is replaced by what they
print. The blocks of a file are one session, in a home of its own that is called /home/ada in the text. A comment that begins
with `transcript setup` holds commands that are run before, and shown to nobody.

What differs from run to run (ids, times) differs in the documents too: run this when the output has changed its form.
"""

import os
import re
import subprocess
import sys
import tempfile

SETUP = re.compile(r"<!-- transcript setup\n(.*?)-->", re.S)
BLOCK = re.compile(r"```console\n(.*?)```", re.S)


class Session:
    """A shell whose folder stays from command to command."""

    def __init__(self, belay, base):
        self.home = f"{base}/home/ada"
        self.shown = "/home/ada"
        self.folder = self.home
        os.makedirs(f"{self.home}/bin")
        os.symlink(os.path.abspath(belay), f"{self.home}/bin/belay")
        self.environment = {
            "HOME": self.home, "PATH": f"{self.home}/bin:{os.environ['PATH']}", "LANG": "C.UTF-8", "TZ": "UTC", "USER": "ada",
            "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com",
            "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com", "BELAY_TEST_HOST": "mill",
        }

    def run(self, command):
        """What the command prints, both streams together. Any exit status is fine: errors are shown as well."""
        place = f"{self.home}/.folder"
        script = f"cd {self.folder!r}\n{command}\nstatus=$?\npwd > {place!r}\nexit $status"
        result = subprocess.run(
            ["bash", "-c", script], env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        with open(place) as file:
            self.folder = file.read().strip()
        os.unlink(place)
        return result.stdout.replace(self.home, self.shown)


def renew(path, belay):
    with open(path) as file:
        text = file.read()
    with tempfile.TemporaryDirectory(prefix="belay-docs-") as base:
        session = Session(belay, base)
        for setup in SETUP.findall(text):
            print(session.run(setup), end="", file=sys.stderr)

        def again(match):
            lines = []
            for line in match.group(1).splitlines():
                if line.startswith("$ "):
                    lines += [line, *session.run(line[2:]).rstrip("\n").splitlines()]
            return "```console\n" + "".join(f"{line.rstrip()}\n" for line in lines) + "```"

        text = BLOCK.sub(again, text)
    with open(path, "w") as file:
        file.write(text)


for name in sys.argv[2:]:
    renew(name, sys.argv[1])
