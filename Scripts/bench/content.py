"""The bytes of the benchmark's data sets, made from a seed.

Only random.Random's bits are used, whose sequence Python guarantees for a seed, so the same seed gives the same bytes on
every machine and version. Text is assembled from templates with many slots, because Python fills a thousand slots in
one call faster than it makes a hundred small decisions.
"""

import hashlib
import operator
import random
import re
import struct

MIB = 1 << 20


def generator(*names):
    """A random generator that depends on all of `names` and on nothing else."""
    key = "/".join(str(name) for name in names).encode()
    return random.Random(int.from_bytes(hashlib.sha256(key).digest(), "little"))


def below(rng, limit):
    """A number from 0 to limit - 1; the bias of the remainder is below 2^-40."""
    return rng.getrandbits(64) % limit


# --- Words and identifiers -----------------------------------------------------------------------------------

ONSETS = "b c d f g h l m n p r s t v w b c d f l m n p r s t br cl cr fl gr pr sh st th tr ch qu".split()
VOWELS = "a e i o u a e i o ea ou".split()
CODAS = ["", "", "", "", "n", "r", "s", "t", "l", "m", "ct", "nd", "nt", "st", "ck", "ng"]
ENDINGS = ["", "", "", "", "", "", "er", "ing", "ed", "ion", "al", "s"]


def make_words(rng, count):
    """`count` different words that can be pronounced."""
    words = {}
    while len(words) < count:
        word = ""
        for _ in range(1 + below(rng, 2)):
            word += ONSETS[below(rng, len(ONSETS))] + VOWELS[below(rng, len(VOWELS))]
            word += CODAS[below(rng, len(CODAS))]
        word += ENDINGS[below(rng, len(ENDINGS))]
        if len(word) > 2:
            words[word] = True
    return list(words)


WORDS = make_words(generator("words"), 4096)


def identifier(rng):
    first, second, third = (WORDS[below(rng, len(WORDS))] for _ in range(3))
    style = below(rng, 8)
    if style == 0:
        return first
    if style == 1:
        return first[0].upper() + first[1:] + second[0].upper() + second[1:]
    if style == 2:
        return f"{first}_{second}"
    if style == 3:
        return f"{first}_{second}_{third}".upper()
    if style == 4:
        return f"{first}{second[0].upper()}{second[1:]}{third[0].upper()}{third[1:]}"
    return first + second[0].upper() + second[1:]


# --- Source text ---------------------------------------------------------------------------------------------

LINES = [
    "    {0} = {0}.{0}({0}, {0})", "    return {0}", "    if {0} is None:", "        raise {0}(\"{1} {1} {1}: %d\" % {0})",
    "    for {0} in {0}.{0}({0}):", "        self.{0}[{0}] = {0}", "    # {1} {1} {1} {1} {1} {1} {1}", "",
    "    static const struct {0} *{0};", "    {0}->{0} = {0}({0}, {2});", "    if ({0} < {2} || !{0}->{0})",
    "        return -{0};", "    memcpy(&{0}, {0}, sizeof({0}));", "}}", "", "    /* {1} {1} {1} {1} {1} {1}. */",
    "#include <{1}/{1}.h>", "#define {0} {2}", "    let {0} = try {0}({0}: {0})", "    guard let {0} else {{ return {0} }}",
    "    case .{0}(let {0}): {0}.{0}({0})", "    /// {1} {1} {1} {1} {1} {1} {1} {1} {1}", "    package var {0}: {0} {{ {0}.{0} }}",
    "    }}", "    \"{1}-{1}\": {{ \"{1}\": {2}, \"{1}\": \"{1} {1} {1}\" }},", "", "    echo \"{1} {1} {1}: ${0}\" >&2",
    "    {0}=\"$({0} --{1} \"${0}\" | {1})\"", "        expect({0}.{0}({2})).toBe({2});", "    private final {0} {0} = new {0}();",
    "    self.assertEqual({0}({2}), {2})", "        {0}: {0}[{2}], {0}: {0}[{2}],", "    else:", "    {{ {2}, {2}, {2}, \"{1}\" }},",
]


# {0} is an identifier, {1} a word, {2} a number.
SLOTS = {"{0}": 0, "{1}": 1, "{2}": 2}


class SourceText:
    """The habits of one project: its identifiers, and passages of code that come again with other names in them."""

    PASSAGES, IDENTIFIERS = 160, 1200

    def __init__(self, rng):
        self.identifiers = [identifier(rng) for _ in range(self.IDENTIFIERS)]
        self.words = [WORDS[below(rng, len(WORDS))] for _ in range(512)]
        self.passages = [self.passage(rng) for _ in range(self.PASSAGES)]

    def passage(self, rng):
        """A template of some lines, and for each of its slots which table fills it."""
        text, kinds = [], bytearray()
        for _ in range(4 + below(rng, 12)):
            for part in re.split(r"(\{\d\})", LINES[below(rng, len(LINES))]):
                kind = SLOTS.get(part, -1)
                if kind < 0:
                    text.append(part.replace("%", "%%").replace("{{", "{").replace("}}", "}"))
                elif kind == 0 and below(rng, 4) == 0:
                    # Some names belong to the passage: they are the same wherever it comes again.
                    text.append(self.identifiers[below(rng, self.IDENTIFIERS)])
                else:
                    text.append("%s")
                    kinds.append(kind)
            text.append("\n")
        return "".join(text), bytes(kinds)

    def tables(self, rng):
        """What fills the slots of one file: a few names often, others seldom; words; numbers, most of them small."""
        own = below(rng, self.IDENTIFIERS - 32)
        names = self.identifiers[own:own + 8] * 18 + self.identifiers[own:own + 32] * 2
        picks = struct.unpack("<256H", rng.randbytes(512))
        names += [self.identifiers[pick % self.IDENTIFIERS] for pick in picks[:48]]
        words = [self.words[pick & (511 if pick & 1536 == 0 else 63)] for pick in picks]
        numbers = [str(pick if pick & 7 == 0 else pick % 100 if pick & 1 else pick % 5) for pick in picks]
        return names, words, numbers

    def text(self, rng, size):
        """`size` bytes for a file."""
        if size == 0:
            return b""
        first, parts, length = below(rng, self.PASSAGES), [f"// {rng.getrandbits(48):x}\n"], 0
        while length < size:
            # A long file changes its subject now and then.
            tables = self.tables(rng)
            for pick in rng.randbytes(24):
                template, kinds = self.passages[(first + pick % 9) % self.PASSAGES]
                slots = map(operator.getitem, map(tables.__getitem__, kinds), rng.randbytes(len(kinds)))
                parts.append(template % tuple(slots))
                length += len(parts[-1])
                if length >= size:
                    break
        return "".join(parts).encode()[:size]


# --- Large files ---------------------------------------------------------------------------------------------


def noise(rng, size):
    """Bytes that nothing compresses, such as pictures and archives."""
    return rng.randbytes(size)


LOG_LINE = "2026-01-%02d %02d:%02d:%02d.%03d %s [worker-%d] %s.%s: %s %s %s id=%s user=%d took=%dms from 10.%d.%d.%d\n"
LEVELS = ["INFO "] * 10 + ["DEBUG"] * 4 + ["WARN ", "ERROR"]


def log(rng, size):
    """Lines as servers write them: much that repeats, and ids, times and addresses that do not."""
    parts, length = [], 0
    time, day = below(rng, 20_000_000), 1 + below(rng, 28)
    own = [WORDS[below(rng, 4096)] for _ in range(256)]
    while length < size:
        block = []
        ids = rng.randbytes(6 * 256).hex()
        numbers = struct.unpack("<768H", rng.randbytes(1536))
        small = rng.randbytes(256 * 9)
        for line in range(256):
            a, b, c, d, e, f, g, h, i = small[line * 9:line * 9 + 9]
            time += a
            seconds = time // 1000
            block.append(LOG_LINE % (
                day, seconds // 3600 % 24, seconds // 60 % 60, seconds % 60, time % 1000, LEVELS[b & 15], b >> 5,
                own[c & 15], own[c >> 2], own[d], own[e], own[f], ids[line * 12:line * 12 + 12],
                numbers[line * 3] % 5000, numbers[line * 3 + 1] % 900, g & 15, h, i))
        parts.append("".join(block))
        length += len(parts[-1])
    return "".join(parts).encode()[:size]


def table(rng, size):
    """Rows of comma-separated values, as exports of databases have them."""
    parts, length, row = [], 0, below(rng, 1 << 40)
    names = [f"{WORDS[below(rng, 4096)]} {WORDS[below(rng, 4096)]}" for _ in range(1024)]
    states = ["open", "paid", "shipped", "returned"]
    while length < size:
        block = []
        numbers = struct.unpack("<1536H", rng.randbytes(3072))
        for line in range(0, 1536, 6):
            a, b, c, d, e, f = numbers[line:line + 6]
            row += 1 + (a & 3)
            block.append("%d,%s,%s,%d.%02d,%d,2026-%02d-%02d,%s,%d\n" % (
                row, names[b & 1023], states[b >> 14], c, d % 100, d >> 10, 1 + e % 12, 1 + e % 28,
                "true" if e & 1024 else "false", f))
        parts.append("".join(block))
        length += len(parts[-1])
    return "".join(parts).encode()[:size]


def records(rng, size):
    """Pages of fixed-width rows with rising keys, as a database's file has them."""
    row = struct.Struct("<QIIHHI8s")
    parts, key = [], below(rng, 1 << 40)
    page_rows = 4096 // row.size
    for page in range(size // 4096 + 1):
        body = []
        numbers = struct.unpack(f"<{page_rows * 3}H", rng.randbytes(page_rows * 6))
        for line in range(0, page_rows * 3, 3):
            a, b, c = numbers[line:line + 3]
            key += 1 + (a & 7)
            body.append(row.pack(key, 1_767_225_600 + key % 1_000_000, b, a % 50, c & 15, c, b"\0" * 8))
        parts.append(b"".join(body).ljust(4096, b"\0"))
    return b"".join(parts)[:size]


KINDS = {"noise": noise, "log": log, "table": table, "records": records}


def piece(kind, size, *names):
    """`size` bytes of `kind`, which depend on `names` alone."""
    return KINDS[kind](generator(kind, *names), size)
