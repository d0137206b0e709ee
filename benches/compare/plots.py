"""The plots, as SVG that is the same for the same data."""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from figures import Figures, Rows

matplotlib.rcParams.update(
    {"svg.hashsalt": "libpeers", "svg.fonttype": "none", "font.size": 9, "axes.grid": True, "grid.alpha": 0.3}
)
MARKS = "osD^vPX*<>"


def save(figure: Any, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)


def discovery(figures: Figures, whats: dict[str, str], systems: list[str], path: Path) -> None:
    """Each system's median as a dot, with a line to its worst, on a logarithmic axis of seconds."""
    figure, axes = plt.subplots(figsize=(8, 1.2 * len(whats) + 1.4))
    for place, system in enumerate(systems):
        shift = (place - (len(systems) - 1) / 2) * 0.8 / len(systems)
        points = []
        for row, what in enumerate(whats):
            median, worst = figures.median(what, system), figures.worst(what, system)
            if median is None:
                continue
            seconds = 1e-3 if figures.unit(what) == "ms" else 1.0
            points.append((median * seconds, row + shift))
            if worst is not None:
                axes.plot(
                    [median * seconds, worst * seconds], [row + shift] * 2, color=f"C{place}", linewidth=1
                )
        if points:
            axes.plot(*zip(*points, strict=True), MARKS[place], color=f"C{place}", label=system, markersize=4)
    axes.set_xscale("log")
    axes.set_yticks(range(len(whats)), list(whats.values()))
    axes.set_ylim(len(whats) - 0.5, -0.5)
    axes.set_xlabel("seconds: median, and a line to the worst")
    axes.legend(fontsize=8, ncols=5, loc="lower center", bbox_to_anchor=(0.4, 1.0), frameon=False)
    save(figure, path)


def receiving(figures: Figures, path: Path) -> None:
    loads = ["flood: CPU for each", "2000 a second: CPU for each"]
    receivers = figures.systems_of(loads[0])
    figure, axes = plt.subplots(figsize=(8, 0.5 * len(receivers) + 1.2))
    for place, load in enumerate(loads):
        medians = [figures.median(load, receiver) or 0 for receiver in receivers]
        rows = [row + (place - 0.5) * 0.36 for row in range(len(receivers))]
        axes.barh(rows, [median / 1e3 for median in medians], 0.34, label=load.split(":")[0])
    axes.set_yticks(range(len(receivers)), receivers)
    axes.invert_yaxis()
    axes.set_xlabel("CPU for a datagram, µs: median")
    axes.legend(fontsize=8)
    save(figure, path)


# The ways of having nodes, in the data and in words.
KINDS = {"real": "real", "simulated": "simulated", "observed": "one node of so many"}
GROWTH = {
    "link_datagrams_per_s": "datagrams on the link, per s",
    "cpu_ms_each_per_s": "CPU of a node, ms per s",
    "memory_mb_each": "memory of a node, MB",
    "known": "until all know all, s",
}


def growth(rows: Rows, path: Path) -> None:
    # With a cap there is less of everything.
    rows = [row for row in rows if row["max_peers"] >= row["nodes"] and "failed" not in row]
    figure, all_axes = plt.subplots(2, 2, figsize=(8, 5.5))
    for axes, (key, title) in zip(all_axes.flat, GROWTH.items(), strict=True):
        for place, kind in enumerate(dict.fromkeys(row["kind"] for row in rows)):
            points = [(row["nodes"], value(row, key)) for row in rows if row["kind"] == kind]
            points = [(nodes, found) for nodes, found in points if found]
            if points:
                axes.plot(*zip(*points, strict=True), f"-{MARKS[place]}", label=KINDS[kind], markersize=4)
        axes.set(xscale="log", yscale="log", title=title, xlabel="nodes")
        axes.minorticks_off()
        axes.legend(fontsize=8)
    save(figure, path)


def value(row: dict[str, Any], key: str) -> float | None:
    found: float | None = (
        row.get("all_know_all_s", row.get("all_known_s")) if key == "known" else row.get(key)
    )
    return found
