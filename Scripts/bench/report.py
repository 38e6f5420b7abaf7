"""Makes the table of docs/benchmarks.md from raw results."""

import os
import statistics

import rows

BEGIN = "<!-- benchmarks: begin; written by Scripts/bench/bench.py -->"
END = "<!-- benchmarks: end -->"
COLUMNS = ["belay", "restic", "borg", "tar+zstd", "rsync", "cp", "walk"]


def median(document, row, tool, metric):
    """The median of a row's measurements of a tool; None if there are none."""
    results = document["rows"].get(row, {}).get("tools", {}).get(tool, [])
    if not isinstance(results, list):
        return None
    values = [result[metric] for result in results if metric in result]
    return statistics.median(values) if values else None


def has_failed(document, row, tool):
    return isinstance(document["rows"].get(row, {}).get("tools", {}).get(tool), dict)


def show(value, metric):
    if value is None:
        return ""
    if metric == "seconds":
        return f"{value:.3f} s" if value < 1 else f"{value:.2f} s" if value < 10 else f"{value:.1f} s"
    return f"{value / 1e6:,.0f} MB"


def ratio_cell(value, other, goal):
    if value is None or not other:
        return f"(≤ {goal:g})"
    ratio = value / other
    verdict = "reached" if ratio <= goal else "**missed**"
    return f"{ratio:.2f} (≤ {goal:g}) {verdict}"


def table_row(document, title, base, metric, goals):
    values = {tool: median(document, base, tool, metric) for tool in COLUMNS}
    cells = ["failed" if has_failed(document, base, tool) else show(values[tool], metric) for tool in COLUMNS]
    restic = ratio_cell(values["belay"], values["restic"], goals["restic"]) if "restic" in goals else ""
    others = [
        f"{tool}: {ratio_cell(values['belay'], values[tool], goal)}"
        for tool, goal in goals.items() if tool != "restic"
    ]
    return f"| {title} | {' | '.join(cells)} | {restic} | {'; '.join(others)} |"


def describe(document):
    machine, data, versions = document["machine"], document["data"], document["versions"]
    flags = ", ".join(name for name, has in machine["flags"].items() if has) or "none of note"
    known = ", ".join(
        f"{name} ({versions[name]})" for name in (*COLUMNS, "zstd") if versions.get(name) and name != "walk")
    key = "a key file" if document.get("belay_key") == "file" else "a password, as restic and borg are"
    return (
        f"{machine['cpu']} (family {machine['cpu_family']}, model {machine['cpu_model']}; {flags}), "
        f"{machine['cores']} cores, {machine['memory_bytes'] / 2**30:.0f} GiB, {machine['file_system']}, "
        f"Linux {machine['kernel']}, {machine['system']}. Data: seed {data['seed']}, scale {data['scale']:g}. "
        f"belay is opened with {key}.\n\nVersions: {known}.")


def render(document):
    """Everything between the markers."""
    if not document["rows"]:
        return "No results."
    lines = [describe(document), ""]
    lines.append("| step | " + " | ".join(COLUMNS) + " | against restic (goal) | against others (goal) |")
    lines.append("|---" * (len(COLUMNS) + 3) + "|")
    for row in rows.ROWS:
        if row.name in document["rows"]:
            lines.append(table_row(document, row.title, row.name, "seconds", row.goals))
    for row in rows.DERIVED:
        if row.base in document["rows"] and not row.over:
            lines.append(table_row(document, row.title, row.base, row.metric, row.goals))
    lines += ratios(document) + peaks(document)
    return "\n".join(lines)


def ratios(document):
    """The rows that compare belay with itself."""
    lines = []
    for row in rows.DERIVED:
        if not row.over or row.base not in document["rows"] or row.over not in document["rows"]:
            continue
        if not lines:
            lines = ["", "| growth | belay (goal) | restic |", "|---|---|---|"]
        figures = [
            (median(document, row.base, tool, row.metric), median(document, row.over, tool, row.metric))
            for tool in ("belay", "restic")
        ]
        own = ratio_cell(*figures[0], row.goal)
        peer = f"{figures[1][0] / figures[1][1]:.2f}" if figures[1][0] and figures[1][1] else ""
        lines.append(f"| {row.title} | {own} | {peer} |")
    return lines


def peaks(document):
    """Peak memory of every row."""
    lines = ["", "| peak memory | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for row in rows.ROWS:
        if row.name in document["rows"]:
            cells = [show(median(document, row.name, tool, "peak_bytes"), "peak_bytes") for tool in COLUMNS]
            lines.append(f"| {row.title} | {' | '.join(cells)} |")
    return lines


def update(path, text):
    """Puts `text` between the markers of the file, which is begun if it is missing."""
    try:
        with open(path) as file:
            old = file.read()
    except FileNotFoundError:
        old = f"# Benchmarks\n\n{BEGIN}\n{END}\n"
    if BEGIN not in old or END not in old:
        raise SystemExit(f"{path} lacks the lines\n{BEGIN}\n{END}")
    before, rest = old.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path + ".new", "w") as file:
        file.write(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
    os.replace(path + ".new", path)
