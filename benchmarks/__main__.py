"""Take the measurements, print the table, and write it as JSON too."""

import argparse
import json
import os
import platform
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks import closed_forms, memory, site, training
from benchmarks.harness import Measurement, Target, format_row

TARGETS = (*training.TARGETS, *memory.TARGETS, *closed_forms.TARGETS, *site.TARGETS)
HEAD = ("what", "against", "target", "measured", "met")
RESULTS = Path(__file__).parent / "results.json"


def report(
    results: Sequence[tuple[Target, Measurement]], load: float
) -> dict[str, object]:
    """Return what goes into the JSON file: the machine, and every row with its details."""
    rows = [
        {
            "what": target.what,
            "against": target.against,
            "sense": target.sense,
            "limit": target.limit,
            "measured": measured.ratio,
            "conditions": dict(measured.conditions),
            "details": dict(measured.details),
            "met": target.is_met(measured),
        }
        for target, measured in results
    ]
    machine = {
        "cores": os.cpu_count(),
        "load at the start": load,
        "platform": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
    return {"machine": machine, "rows": rows}


def main() -> int:
    """Run the rows that are asked for; 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", default="", help="regular expression: rows whose text it finds"
    )
    parser.add_argument(
        "--json", type=Path, default=RESULTS, help="where the JSON goes"
    )
    options = parser.parse_args()
    chosen = [t for t in TARGETS if re.search(options.only, f"{t.what} | {t.against}")]
    if not chosen:
        parser.error(f"--only must match a row, got {options.only!r}")
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f} at the start")
    print(" | ".join(HEAD), flush=True)
    results = []
    for target in chosen:
        measured = target.measure()
        results.append((target, measured))
        print(" | ".join(format_row(target, measured)), flush=True)
        text = json.dumps(report(results, load), indent=2)
        options.json.write_text(f"{text}\n", encoding="utf-8")
    missed = sum(not target.is_met(measured) for target, measured in results)
    print(
        f"{len(results) - missed} of {len(results)} targets met; details in {options.json}"
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
