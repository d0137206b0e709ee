"""Makes the file TARGET of what benches/inside.sh has left: collect.py SCRATCH TARGET."""

import json
import os
import platform
import statistics
import sys
from collections import defaultdict
from pathlib import Path

FLOOR = "bare map"
TIMES = "ns"


def rows_of_round(scratch, round_number):
    """A dict (group, system, size, order, unit) -> figure."""
    figures = {}
    for line in (scratch / f"rows.{round_number}").read_text().splitlines():
        row = json.loads(line)
        figures[row["group"], row["system"], row["size"], row["order"], row["unit"]] = row["median"]
    for file in (scratch / f"criterion.{round_number}").rglob("new/benchmark.json"):
        bench = json.loads(file.read_text())
        median = json.loads((file.parent / "estimates.json").read_text())["median"]["point_estimate"]
        size, order = bench["value_str"].split("/")
        elements = (bench["throughput"] or {}).get("Elements", 1)
        figures[bench["group_id"], bench["function_id"], int(size), order, TIMES] = median / elements
    return figures


def ratios(figures):
    """Each figure of a round to the floor's of the same round, where there is one."""
    for (group, system, size, order, unit), figure in figures.items():
        floor = figures.get((group, FLOOR, size, order, unit))
        if floor:
            yield (group, system, size, order, unit), figure / floor


def machine():
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    name = model[0].partition(":")[2].strip() if model else platform.machine()
    return f"{os.cpu_count()} cores, {name}, Linux {platform.release()}"


def main(scratch, target):
    by_figure, by_ratio = defaultdict(list), defaultdict(list)
    rounds = sorted(int(file.suffix[1:]) for file in scratch.glob("rows.*"))
    for round_number in rounds:
        figures = rows_of_round(scratch, round_number)
        for key, figure in figures.items():
            by_figure[key].append(figure)
        for key, ratio in ratios(figures):
            by_ratio[key].append(ratio)

    rows = [row(key, figures, by_ratio[key]) for key, figures in by_figure.items()]
    rows.sort(key=lambda row: (row["group"], row["unit"], row["size"], row["order"], row["median"]))
    table = {"machine": machine(), "rounds": len(rounds), "rows": rows}
    target.write_text(json.dumps(table, indent=1) + "\n")
    print(f"{target}: {len(rows)} rows")


def row(key, figures, ratios):
    """The figures of all rounds in one row."""
    group, system, size, order, unit = key
    return {
        "group": group,
        "system": system,
        "size": size,
        "order": order,
        "unit": unit,
        "median": round(statistics.median(figures), 1),
        "worst": round(max(figures), 1),
        "ratio_to_floor": round(statistics.median(ratios), 2) if ratios else None,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
