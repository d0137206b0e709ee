"""What was measured, and how it is shown: medians, worst values, ratios, tables."""

import math
from typing import Any

Rows = list[dict[str, Any]]
# What differs by less is taken for the same.
MARGIN = 0.05


class Figures:
    """The values of all runs, by what was measured and with whom."""

    def __init__(self, measured: Rows) -> None:
        self._rows = {(row["what"], row["system"]): row for row in measured}

    def whats(self) -> list[str]:
        return list(dict.fromkeys(what for what, _ in self._rows))

    def systems_of(self, what: str) -> list[str]:
        return [system for found, system in self._rows if found == what]

    def unit(self, what: str) -> str:
        units: list[str] = [row["unit"] for (found, _), row in self._rows.items() if found == what]
        return units[0]

    def failures(self) -> list[tuple[str, str, str]]:
        return [
            (system, what, reason)
            for (what, system), row in self._rows.items()
            for reason in dict.fromkeys(row["failures"])
        ]

    def median(self, what: str, system: str) -> float | None:
        """The value that half of the runs do not exceed: none if they saw nothing, which exceeds all."""
        return self._ranked(what, system, lambda runs: (runs - 1) // 2)

    def worst(self, what: str, system: str) -> float | None:
        return self._ranked(what, system, lambda runs: runs - 1)

    def is_better(self, what: str, system: str, other: str) -> bool:
        """By the medians. One who saw nothing is worse than all who did."""
        one, two = self.median(what, system), self.median(what, other)
        if one is None or two is None:
            return one is not None
        return one > two * (1 + MARGIN) if more_is_better(what) else one < two * (1 - MARGIN)

    def ratio(self, what: str, system: str, other: str) -> float | None:
        one, two = self.median(what, system), self.median(what, other)
        return one / two if one is not None and two else None

    def spread(self, what: str, system: str) -> str:
        """Median and worst in words, or why there are none."""
        row = self._rows.get((what, system))
        if row is None:
            return "not measured"
        if not row["values"] and row["failures"]:
            return "failed"
        if not row["values"]:
            return f"not seen within {row['limit_s']:.0f} s"
        shown = [
            "not seen" if value is None else quantity(value, row["unit"])
            for value in (self.median(what, system), self.worst(what, system))
        ]
        return f"{shown[0]}, worst {shown[1]}"

    def _ranked(self, what: str, system: str, rank: Any) -> float | None:
        row = self._rows.get((what, system))
        if row is None:
            return None
        values: list[float] = sorted(row["values"], reverse=more_is_better(what))
        runs = len(values) + row["not_seen"]
        position = rank(runs) if runs else 0
        return values[position] if position < len(values) else None


def more_is_better(what: str) -> bool:
    """Of a rate; of everything else less is."""
    return what.endswith(": taken in")


def number(value: float | None) -> str:
    """With three digits that count, or all before the point."""
    if value is None:
        return ""
    if value == 0 or not math.isfinite(value):
        return f"{value:.0f}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# Units of large numbers: the first such number, the factor, and the larger unit.
LARGER = {"ns": (1e5, 1e6, "ms"), "bytes": (1e6, 1e6, "MB")}


def quantity(value: float | None, unit: str) -> str:
    start, factor, larger = LARGER.get(unit, (math.inf, 1, unit))
    if value is not None and value >= start:
        value, unit = value / factor, larger
    return f"{number(value)} {unit}".strip()


def table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
