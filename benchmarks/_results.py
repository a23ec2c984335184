"""What benchmarks share: their command line, and how they write what they found."""

import argparse
import json
import os
import platform
import resource
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch


@dataclass
class Figure:
    """One measured figure.

    Args:
        what: what was measured, in words.
        values: one value per repeat or seed; the median is reported.
        unit: of the values.
        reference: what it is compared with, in words; empty for none.
        reference_values: of the reference, in the same run and order.
        settings: sizes, seeds, rules and whatever else decides the figure.
    """

    what: str
    values: Sequence[float]
    unit: str
    reference: str = ""
    reference_values: Sequence[float] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """The figure as it is written: median, spread (min, max), median of the paired ratios."""
        pairs = list(zip(self.values, self.reference_values, strict=bool(self.reference)))
        ratio = statistics.median(a / b for a, b in pairs) if pairs else None
        return {
            "what": self.what,
            "value": statistics.median(self.values),
            "unit": self.unit,
            "reference": self.reference or None,
            "ratio": ratio,
            "n": len(self.values),
            "spread": [min(self.values), max(self.values)],
            "settings": self.settings,
            "machine": machine(),
        }


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def arguments(description: str, **counts: int) -> argparse.Namespace:
    """The command line every benchmark has: --out DIR [--quick].

    Args:
        description: of the benchmark.
        counts: further options, whole numbers, and what they are unless given.
    """
    parser = argparse.ArgumentParser(description=description, allow_abbrev=False)
    parser.add_argument("--out", type=Path, required=True, help="folder for what was found")
    parser.add_argument("--quick", action="store_true", help="small and short, to see it work")
    for name, usual in counts.items():
        parser.add_argument(f"--{name}", type=int, default=usual, help=f"{usual} unless given")
    return parser.parse_args()


def write(out: Path, figures: Sequence[Figure]) -> None:
    """Write results.json and table.md into a folder, and print the table."""
    out.mkdir(parents=True, exist_ok=True)
    records = [figure.record() for figure in figures]
    (out / "results.json").write_text(json.dumps(records, indent=1) + "\n")
    table = tabulate(records)
    (out / "table.md").write_text(table)
    print(table)


def tabulate(records: Sequence[dict[str, Any]]) -> str:
    """Records as a Markdown table, under a line that names the machine."""
    here = records[0]["machine"] if records else machine()
    lines = [", ".join(f"{key} {value}" for key, value in here.items()), ""]
    lines += ["| what | value | min to max | ratio | reference | n | settings |", "|" + "---|" * 7]
    for record in records:
        low, high = record["spread"]
        ratio = "" if record["ratio"] is None else f"{record['ratio']:.2f}"
        settings = ", ".join(f"{key} {value}" for key, value in record["settings"].items())
        cells = [record["what"], f"{record['value']:.4g} {record['unit']}"]
        cells += [f"{low:.4g} to {high:.4g}", ratio, record["reference"] or ""]
        lines.append(f"| {' | '.join([*cells, str(record['n']), settings])} |")
    return "\n".join(lines) + "\n"


def peak_memory() -> float:
    """Peak memory of this process so far, in MB.

    Where it can be had, that of the program alone: `ru_maxrss` goes on from what the process that
    started it had reached.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return float(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
