"""Writes docs/benchmarks.md and its plots from the data of a run: `report.py DOCS`.

DOCS/benchmarks/compare.json has the figures of the comparison. DOCS/benchmarks/inside.json, if it is there,
has those of the inside. The text is that of template.md. Every measured number comes from the data.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import plots
from figures import Figures, Rows, number, quantity, table

OURS = "libpeers"
NO_LEGACY = "libpeers-no-legacy"

# What is told of each system in the first table: name in the data, heading.
DISCOVERY = {
    "newcomer learns the old": "newcomer learns the old",
    "the old learns the newcomer": "the old learns the newcomer",
    "clean leave seen": "clean leave seen",
    "network up after the start: both know each other": "network up after the start",
    "kill seen": "kill seen",
}
IDLE = {
    "idle: wake-ups of all threads": "wake-ups",
    "idle: datagrams sent": "datagrams sent",
    "idle: datagrams taken in": "datagrams taken in",
    "idle: CPU time": "CPU time",
    "idle: resident memory": "resident memory",
    "idle: memory more than before the start": "more than before the start",
    "idle: private memory more than before the start": "private more than before",
    "idle: its share of memory (PSS)": "its share of it (PSS)",
}
LOADS = ("flood", "2000 a second")
RECEIVING = ("taken in", "lost", "CPU for each")

# The targets of the project: what, of which runs, the maximum, the unit.
TARGETS = [
    ("newcomer learns the old", "median", 2, "ms"),
    ("the old learns the newcomer", "median", 2, "ms"),
    ("clean leave seen", "median", 0.5, "ms"),
    ("network up after the start: both know each other", "median", 10, "ms"),
    ("kill seen", "median", 14, "s"),
    ("kill seen", "worst", 21, "s"),
    ("idle: datagrams sent", "median", 5, ""),
    ("idle: wake-ups of all threads", "median", 8, ""),
    ("idle: memory more than before the start", "median", 1.2, "MB"),
    ("idle: private memory more than before the start", "median", 0.2, "MB"),
]
NO_LEGACY_TARGETS = [("idle: datagrams sent", 3), ("idle: wake-ups of all threads", 7)]
# Datagrams that each of so many nodes sends when all start at once.
CROWD, CROWD_TARGET = 100, 110
# Times the CPU of a loop that receives and drops.
RECEIVE_TARGET = 1.4
FLOORS = ("bare loop, recvfrom", "bare loop, recvmmsg")

# Why others are better in some figures.
ANNOUNCES = "libpeers announces every 15 s, with a legacy beacon beside, to see a kill within 21 s"
PRIVATE = "idle: private memory more than before the start"
SHARED = "{private} of what the start adds is private; the rest is pages of files, which processes share"
REASONS = {
    "newcomer learns the old": "libpeers opens three sockets for a family, and lists interfaces and routes, "
    "before it sends; Ableton Link counts peers, and tells no address",
    "the old learns the newcomer": "as above; zbeacon sends from one socket",
    "kill seen": "the host stays up: the Avahi daemon sends the goodbye, and the kernel closes Zenoh's "
    "connections; Ableton Link sends several datagrams a second",
    "idle: resident memory": SHARED,
    "idle: memory more than before the start": SHARED,
    "idle: its share of memory (PSS)": SHARED,
    PRIVATE: "by smaps most of it is heap, that of the node's thread included",
    "flood: taken in": "each system receives messages of its own, and the rate of the sender limits it",
    "idle: wake-ups of all threads": ANNOUNCES,
    "idle: datagrams sent": ANNOUNCES,
    "idle: datagrams taken in": ANNOUNCES,
    "idle: CPU time": ANNOUNCES,
}


def compared(figures: Figures, wanted: dict[str, str], systems: list[str]) -> str:
    """Returns a table with a row for each system: medians and worst values."""
    rows = [[f"**{system}**", *(figures.spread(what, system) for what in wanted)] for system in systems]
    return table(["", *wanted.values()], rows)


def receiving(figures: Figures) -> str:
    rows = []
    for receiver in figures.systems_of("flood: taken in"):
        cells = [figures.spread(f"{load}: {what}", receiver) for load in LOADS for what in RECEIVING]
        ratios = [figures.ratio("flood: CPU for each", receiver, floor) for floor in FLOORS]
        rows.append([f"**{receiver}**", *cells, *(number(ratio) for ratio in ratios)])
    heads = [f"{load}: {what}" for load in LOADS for what in RECEIVING]
    return table(["", *heads, *(f"CPU in the flood, times {floor}" for floor in FLOORS)], rows)


ALL = range(10**9)
# A list has so many entries in practice, and a registry at most so many.
USUAL, BOUNDED = range(10, 10_001), range(1_000, 65_537)
LISTS = ("unchanged", "unchanged, random", "after a change", "after a change, random")

# Of the inside: group, of which sizes, in which order (none: all), the most it may be, the unit.
INSIDE_TARGETS = [
    ("memory for an entry of 100 bytes", BOUNDED, None, 300, "bytes"),
    *(("peers_list, for an entry", USUAL, order, 150, "ns") for order in LISTS),
    ("peers_register, by threads", (1,), "quiet", 500, "ns"),
    ("peers_free", ALL, None, 20e6, "ns"),
    *(
        ("longest step", BOUNDED, order, 10e6, "ns")
        for order in ("asking", "expiring", "waking", "registering")
    ),
    ("until all know all, CPU against a bare loop", ALL, None, 10, "times"),
    ("stripped library", ALL, "with SWIM", 950_000, "bytes"),
    ("stripped library", ALL, "without SWIM", 800_000, "bytes"),
]


def targets(figures: Figures, growth_rows: Rows, inside_data: dict[str, Any] | None) -> str:
    outside = [
        (
            f"{what}, {of}",
            limit,
            unit,
            figures.median(what, OURS) if of == "median" else figures.worst(what, OURS),
        )
        for what, of, limit, unit in TARGETS
    ]
    ratio = figures.ratio("flood: CPU for each", OURS, FLOORS[0])
    receive = (f"CPU of a datagram, against {FLOORS[0]}", RECEIVE_TARGET, "times", ratio)
    quiet = [
        (f"{what}, without legacy beacons", limit, "", figures.median(what, NO_LEGACY))
        for what, limit in NO_LEGACY_TARGETS
    ]
    start = (f"{CROWD} nodes start at once: sent by each", CROWD_TARGET, "", sent_at_start(growth_rows))
    rows = [target(*found) for found in [*outside, *quiet, receive, start, *inside_targets(inside_data)]]
    return table(["what", "target", "measured", "met"], rows)


def sent_at_start(rows: Rows) -> float | None:
    found = (row.get("start_sent_each") for row in rows if row["kind"] == "real" and row["nodes"] == CROWD)
    return next(found, None)


def target(what: str, limit: float, unit: str, value: float | None) -> list[str]:
    met = "not measured" if value is None else "yes" if value <= limit else "**no**"
    return [what, f"at most {quantity(limit, unit)}", "" if value is None else quantity(value, unit), met]


def inside_targets(data: dict[str, Any] | None) -> list[tuple[str, float, str, float | None]]:
    """Returns the row that is furthest from each target."""
    found: list[tuple[str, float, str, float | None]] = []
    for group, sizes, order, limit, unit in INSIDE_TARGETS:
        rows = [
            row
            for row in (data or {"rows": []})["rows"]
            if row["group"] == group
            and row["system"] == "peers"
            and row["size"] in sizes
            and order in (None, row["order"])
        ]
        furthest = max(rows, key=lambda row: row["median"], default=None)
        if furthest is None:
            found.append((f"{group} ({order})" if order else group, limit, unit, None))
        else:
            entries_there = "" if furthest["size"] == 1 else f"{furthest['size']:,}"
            place = f"{entries_there} {furthest['order']}".strip()
            found.append((f"{group} ({place})", limit, unit, furthest["median"]))
    return found


def losses(figures: Figures) -> str:
    """Returns a table of the figures in which another system is better."""
    rows = []
    for what in figures.whats():
        others = [system for system in figures.systems_of(what) if system not in (*FLOORS, NO_LEGACY)]
        better = [system for system in others if figures.is_better(what, system, OURS)]
        if better:
            theirs = ", ".join(f"{system} {median(figures, what, system)}" for system in better)
            reason = REASONS.get(what, "").format(private=median(figures, PRIVATE, OURS))
            rows.append([what, median(figures, what, OURS), theirs, reason])
    return table(["what", OURS, "better", "why"], rows) if rows else "In none of these figures."


def median(figures: Figures, what: str, system: str) -> str:
    value = figures.median(what, system)
    return "saw nothing" if value is None else quantity(value, figures.unit(what))


def failures(figures: Figures) -> str:
    found = [f"- {system}, {what}: {reason}." for system, what, reason in figures.failures()]
    return "\n".join(["What failed:", "", *found]) if found else "Nothing failed."


GROWTH = [
    ("start_sent_each", "sent by each, at the start", ""),
    ("sent_each_per_min", "sent by each, per min", ""),
    ("taken_each_per_s", "received by each, per s", ""),
    ("link_datagrams_per_s", "on the link, per s", ""),
    ("link_bytes_per_s", "on the link", "B/s"),
    ("cpu_ms_each_per_s", "CPU of each, per s", "ms"),
    ("memory_mb_each", "memory of each", "MB"),
]


def growth(rows: Rows) -> str:
    return table(
        [
            "nodes",
            "",
            "until all know all",
            *(head for _, head, _ in GROWTH),
            "lost at the start",
            "refused as full",
        ],
        [growth_row(row) for row in rows],
    )


def growth_row(row: dict[str, Any]) -> list[str]:
    kind = plots.KINDS[row["kind"]]
    if row["max_peers"] < row["nodes"]:
        kind += f", `max_peers` {row['max_peers']}"
    cells = [f"{row['nodes']:,}", kind]
    if "failed" in row:
        return [*cells, f"failed: {row['failed']}", *[""] * (len(GROWTH) + 2)]
    known = row.get("all_know_all_s", row.get("all_known_s"))
    cells.append("not in time" if known is None else f"{number(known)} s")
    for key, _, unit in GROWTH:
        # Simulated datagrams have no heads; real ones have those of Ethernet, IP and UDP.
        value = row.get(key, with_heads(row) if key == "link_bytes_per_s" else None)
        cells.append("" if value is None else quantity(value, unit))
    return [*cells, number(row.get("start_dropped")), number(row.get("refused"))]


def with_heads(row: dict[str, Any]) -> float | None:
    heads = 14 + 20 + 8
    payload = row.get("payload_bytes_per_s")
    return None if payload is None else payload + heads * row["link_datagrams_per_s"]


# What the registry is compared with: the bare map is the floor.
CONTENDERS = ("bare map", "BTreeSet of deadlines", "moka")
# A registry has no more entries by default; the data may have larger ones.
MOST_PEERS = 100_000
# The data has each order; the page has one for most figures.
LEFT_OUT = ("first", "first, random", "unchanged, random", "after a change, random", "fed")


def inside(data: dict[str, Any] | None) -> str:
    if data is None:
        return "Not measured."
    places = {(row["group"], row["size"], row["order"], row["system"]): row for row in data["rows"]}
    rows = [
        [
            f"{group}, {order}" if order else group,
            f"{size:,}",
            *(
                quantity(found["median"], found["unit"]) if found else ""
                for found in (places.get((group, size, order, name)) for name in ("peers", *CONTENDERS))
            ),
        ]
        for group, size, order, system in places
        if system == "peers" and size <= MOST_PEERS and order not in LEFT_OUT
        if order != "sequential" or (group, size, "random", "peers") not in places
    ]
    head = f"Medians of {data['rounds']} rounds on {data['machine']}:"
    return head + "\n\n" + table(["what", "entries or threads", "peers", *CONTENDERS], rows)


def machine(data: dict[str, Any]) -> str:
    found = data["machine"]
    date = datetime.fromtimestamp(found["time"], UTC)
    versions = [[system["name"], system["version"] or "not built"] for system in data["systems"]]
    return "\n\n".join(
        [
            f"{found['cpu']}, {found['cores']} cores, {number(found['memory_mib'] / 1024)} GiB, "
            f"{found['kernel']}, {date:%Y-%m-%d}. The load when the run began was {found['load']}.",
            table(["system", "version"], versions),
        ]
    )


def runs(plan: dict[str, Any]) -> str:
    text = (
        f"With each system: {plan['rounds']} newcomers and leaves, {plan['late_rounds']} late networks, "
        f"{plan['kills']} kills, {plan['idle_rounds']} times three idle processes, {plan['receive_rounds']} "
        f"rounds of receiving for {plan['receive_s']} s."
    )
    quick = " **This was a quick run, to see that all works: its figures mean little.**"
    return text + (quick if plan["is_quick"] else "")


def main(docs: Path) -> None:
    folder = docs / "benchmarks"
    data = json.loads((folder / "compare.json").read_text())
    inside_file = folder / "inside.json"
    inside_data = json.loads(inside_file.read_text()) if inside_file.exists() else None
    figures = Figures(data["measured"])
    systems = [system["name"] for system in data["systems"]]

    plots.discovery(figures, DISCOVERY, systems, folder / "discovery.svg")
    plots.receiving(figures, folder / "receiving.svg")
    plots.growth(data["growth"], folder / "growth.svg")
    parts = {
        "MACHINE": machine(data),
        "RUNS": runs(data["plan"]),
        "TARGETS": targets(figures, data["growth"], inside_data),
        "LOSSES": losses(figures),
        "FAILURES": failures(figures),
        "DISCOVERY": compared(figures, DISCOVERY, systems),
        "KILL_LIMIT": str(data["plan"]["kill_limit_s"]),
        "IDLE_SECONDS": str(data["plan"]["idle_s"]),
        "IDLE": compared(figures, IDLE, systems),
        "RECEIVING": receiving(figures),
        "GROWTH": growth(data["growth"]),
        "INSIDE": inside(inside_data),
    }
    text = (Path(__file__).parent / "template.md").read_text()
    for name, part in parts.items():
        text = text.replace("{{" + name + "}}", part)
    (docs / "benchmarks.md").write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
