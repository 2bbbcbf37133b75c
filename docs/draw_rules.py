"""Draw the rule graph of docs/architecture.md: `make graph`.

Snakemake provides the edges. A rule is in the column of its stage, in the order of the stage's rule file. An arrow that
other arrows imply is left out, and so is `all`.
"""

import re
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from canigatti.files import atomic_path
from canigatti.plots import NEUTRAL_COLOR, new_figure

REPOSITORY = Path(__file__).parents[1]
CONFIGURATION = REPOSITORY / "config" / "demo.yaml"  # its study uses every rule
COLUMNS = {
    "photos": "#0072B2",
    "search": "#E69F00",
    "training": "#D55E00",
    "evaluation": "#009E73",
    "audit": "#56B4E9",
    "report": "#CC79A7",
}

Edge = tuple[str, str]


def main() -> None:
    """Write the graph as SVG to the path given as argument."""
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "canigatti"})
    figure = draw(reduced(read_edges()))
    with atomic_path(Path(sys.argv[1])) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None, "Creator": None})


def read_edges() -> set[Edge]:
    """Return the pairs of rules of which the second needs an output of the first."""
    command = [sys.executable, "-m", "snakemake", "--rulegraph", "dot", "--forceall", "--configfile", CONFIGURATION]
    dot = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    names = dict(re.findall(r'(\d+)\[label = "(\w+)"', dot))
    edges = {(names[first], names[second]) for first, second in re.findall(r"(\d+) -> (\d+)", dot)}
    return {(first, second) for first, second in edges if first != second and second != "all"}


def reduced(edges: set[Edge]) -> set[Edge]:
    """Return the edges without those that a longer path implies (the transitive reduction)."""
    return {(first, second) for first, second in edges if not _is_implied(first, second, edges)}


def _is_implied(first: str, second: str, edges: set[Edge]) -> bool:
    reached = {target for source, target in edges if source == first and target != second}
    while more := {target for source, target in edges if source in reached} - reached:
        reached |= more
    return second in reached


def draw(edges: set[Edge]) -> Figure:
    """Return the figure: a column per stage, a box per rule, an arrow per edge."""
    figure = new_figure(11, 5)
    axes = figure.add_subplot()
    axes.set_axis_off()
    boxes = {}
    for column, (stage, color) in enumerate(COLUMNS.items()):
        axes.text(column, 0.9, stage, color=color, ha="center", weight="bold", size=12)
        for row, rule in enumerate(rules_of(stage)):
            boxes[rule] = _draw_rule(axes, rule, (column, -row - 0.35 * (column % 2)), color)
    for first, second in sorted(edges):
        style = {"arrowstyle": "-|>", "mutation_scale": 11, "color": NEUTRAL_COLOR, "shrinkA": 2, "shrinkB": 2}
        ends = {"posA": boxes[first].get_position(), "posB": boxes[second].get_position()}
        patches = {"patchA": boxes[first].get_bbox_patch(), "patchB": boxes[second].get_bbox_patch()}
        (x, y), (to_x, to_y) = ends.values()
        bend = 0.7 if x == to_x and y - to_y > 1 else 0.08  # around the rules in between
        axes.add_patch(FancyArrowPatch(**ends, **patches, **style, connectionstyle=f"arc3,rad={bend}", zorder=1))
    axes.set(xlim=(-0.6, len(COLUMNS) - 0.5), ylim=(-6.4, 1.2))
    return figure


def rules_of(stage: str) -> list[str]:
    """Return the rules of a stage in the order of its file."""
    text = (REPOSITORY / "rules" / f"{stage}.smk").read_text(encoding="utf-8")
    return re.findall(r"^ *rule (\w+):", text, flags=re.MULTILINE)


def _draw_rule(axes: Axes, rule: str, place: tuple[float, float], color: str) -> mpl.text.Text:
    box = {"boxstyle": "round,pad=0.45", "facecolor": "white", "edgecolor": color, "linewidth": 1.5}
    return axes.text(*place, rule, ha="center", va="center", size=10, bbox=box, zorder=2)


if __name__ == "__main__":
    main()
