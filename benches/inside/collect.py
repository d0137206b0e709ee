"""Makes the tables of docs/benchmarks of what benches/inside.sh has left: collect.py SCRATCH TARGET."""

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

    times, counts = [], []
    for key in sorted(by_figure):
        group, system, size, order, unit = key
        figure = round(statistics.median(by_figure[key]), 1)
        ratio = round(statistics.median(by_ratio[key]), 2) if key in by_ratio else None
        place = {"group": group, "system": system, "size": size, "order": order}
        if unit == TIMES:
            times.append({**place, "median_ns": figure, "ratio_to_floor": ratio})
        else:
            counts.append({**place, "unit": unit, "median": figure, "ratio_to_floor": ratio})

    target.mkdir(parents=True, exist_ok=True)
    write(target / "inside.json", "The inside: times", "ns for one entry or call", times)
    write(target / "inside-counts.json", "The inside: bytes and instructions", "as each row says", counts)


def write(path, title, unit, rows):
    table = {"title": title, "unit": unit, "machine": machine(), "rows": rows}
    path.write_text(json.dumps(table, indent=1) + "\n")
    print(f"{path}: {len(rows)} rows")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
