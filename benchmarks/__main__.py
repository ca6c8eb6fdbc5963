"""Take the measurements row by row; end with status 1 if a target is missed."""

import argparse
import os
import sys

from benchmarks import library, peers, site

ROWS = (*library.ROWS, *peers.ROWS, *site.ROWS)


def main() -> int:
    """Run the rows whose text holds what --only names, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="rows that hold TEXT"
    )
    options = parser.parse_args()
    rows = [row for row in ROWS if options.only in f"{row.what} {row.against}"]
    if not rows:
        parser.error(f"no row holds {options.only!r}")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start\n")
    if peers.MISSING:
        print(f"not compared, since not installed: {', '.join(peers.MISSING)}")
        print(f"    {sys.executable} -m pip install {' '.join(peers.MISSING)}\n")
    missed = 0
    for row in rows:
        measured = row.measure()
        met = measured >= row.limit if row.at_least else measured <= row.limit
        missed += not met
        sense = "at least" if row.at_least else "at most"
        print(f"{row.what}\n    against {row.against}")
        print(
            f"    {measured:.3g}, {sense} {row.limit:g}: {'met' if met else 'MISSED'}"
        )
        sys.stdout.flush()
    print(f"\n{len(rows) - missed} of {len(rows)} targets met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
