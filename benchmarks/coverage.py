"""`make coverage`: simulate studies whose truth is known, and count how often the report's statements hold."""

import sys
from collections.abc import Callable, Iterable

import coverage_calibration
import coverage_learning
import coverage_networks
import coverage_power
from measure import Row, as_markdown

SECTIONS: dict[str, Callable[[], Iterable[Row]]] = {
    "networks": coverage_networks.rows,
    "calibration": coverage_calibration.rows,
    "learning": coverage_learning.rows,
    "power": coverage_power.rows,
}
HEADER = "| simulation | measured | expected | met | |\n| --- | ---: | ---: | --- | --- |"


def main() -> None:
    """Simulate the sections named as arguments, or all; end with an error if a rate is not the expected one."""
    selected = sys.argv[1:] or [*SECTIONS]
    if unknown := set(selected) - set(SECTIONS):
        sys.exit(f"unknown section {', '.join(sorted(unknown))}; the sections are {', '.join(SECTIONS)}")
    missed = 0
    print(HEADER, flush=True)
    for section in selected:
        for row in SECTIONS[section]():
            missed += not row.met
            print(as_markdown(row), flush=True)
    sys.exit(f"{missed} rates are not the expected ones" if missed else 0)


if __name__ == "__main__":
    main()
