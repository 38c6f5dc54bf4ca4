"""Print the counts of all readers beside the expected ones: ``python -m wormsim.readers``; exit code 1 if any is off."""

from __future__ import annotations

import sys

from ._counts import EXPECTED, table


def main() -> int:
    """Print the table; 0 when every expected count is met, 1 otherwise."""
    rows, wrong = table()
    widths = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
    for i, row in enumerate(rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if i == 0:
            print("  ".join("-" * width for width in widths))
    print(f"\n{len(rows) - 1} connectomes; {len(EXPECTED)} with expected counts; {len(wrong)} counts differ")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
