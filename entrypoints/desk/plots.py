"""Plots, drawn by pygal: no script, nothing from elsewhere, by day and by night the colours of static/plot.css."""

import sys
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import count
from math import ceil
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pygal
from pygal.style import Style

# It is for maps, which we do not draw, and of a kind that Python warns of at each module that is looked for in vain.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

CSS = ("file://graph.css", f"file://{Path(__file__).parent / 'static' / 'plot.css'}")
FONT = 'system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif'
GUIDE = {"color": "var(--line)", "dasharray": "none"}
FEW = 7  # labels of the horizontal axis that always find room
MANY = 20  # dots that need not be small
MOST_STEPS = 5
KEPT = 256  # drawings
MARKUP = {"defs", "style", "title", "g", "rect", "path", "circle", "text"}


class Shape(StrEnum):
    """How the series stand."""

    BARS = "bars"  # on top of each other
    LINE = "line"


@dataclass(frozen=True)
class Series:
    """One colour of a plot; None where there is no value."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Plot:
    """What is drawn. `name` chooses colours; `labels` stand under the values, `over` above them; `ticks` are the values
    of the vertical axis and what they are called; `nothing` is said where there are no values."""

    name: str
    title: str
    shape: Shape
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    ticks: tuple[tuple[float, str], ...]
    nothing: str
    over: tuple[str, ...] = ()


@dataclass(frozen=True)
class Size:
    """In pixels, as long as nothing is scaled. `most_labels` of the horizontal axis, `columns` of the legend."""

    width: int
    height: int
    font: int
    most_labels: int
    columns: int


WIDE = Size(560, 320, 13, 8, 3)
NARROW = Size(320, 290, 11, 4, 2)


def steps(highest: float) -> list[int]:
    """Round whole numbers from 0 up to one that is not below the highest: 0, 50, 100, 150."""
    sizes = (digit * 10**power for power in count() for digit in (1, 2, 5))
    step = next(size for size in sizes if size * MOST_STEPS >= highest)
    return [step * number for number in range(max(1, ceil(highest / step)) + 1)]


@lru_cache(KEPT)
def draw(plot: Plot, size: Size) -> bytes:
    """The plot as an SVG document."""
    chart = (pygal.Line if plot.shape is Shape.LINE else pygal.StackedBar)(**_options(plot, size))
    chart.uuid = "plot"  # a random one would make two drawings of the same differ
    for series in plot.series:
        chart.add(series.name, _values(plot, series), allow_interruptions=True)
    chart.add_xml_filter(lambda root: _bare(root, plot.title))
    return bytes(chart.render())


def _options(plot: Plot, size: Size) -> dict[str, Any]:
    places = len(plot.labels)
    return {
        "width": size.width,
        "height": size.height,
        "style": _style(size.font),
        "css": CSS,
        "js": (),
        "classes": ("plot-of-" + plot.name,),
        "margin": 12,
        "margin_right": 2 * size.font,  # a label under the end of a line
        "margin_bottom": 12 + _forgotten(len(plot.series), size),
        "spacing": 8,
        "show_legend": len(plot.series) > 1,
        "legend_at_bottom": True,
        "legend_at_bottom_columns": size.columns,
        "truncate_legend": -1,
        "truncate_label": -1,
        "x_labels": plot.labels,
        "x_labels_major_every": 1 if places <= FEW else ceil(places / size.most_labels),
        "show_minor_x_labels": False,
        "show_y_labels": size is WIDE or not plot.over,
        "y_labels": [{"value": value, "label": label} for value, label in plot.ticks],
        "range": (plot.ticks[0][0], plot.ticks[-1][0]),
        "dots_size": 3 if places <= MANY else 2,
        "print_labels": bool(plot.over),
        "print_values_position": "top" if plot.over else "center",
        "no_data_text": plot.nothing,
    }


def _style(font: int) -> Style:
    sizes = ("label", "major_label", "legend", "value", "value_label", "no_data")
    guides = {f"{kind}guide_stroke_{what}": value for kind in ("", "major_") for what, value in GUIDE.items()}
    return Style(font_family=FONT, **guides, **{f"{name}_font_size": font for name in sizes})


def _forgotten(series: int, size: Size) -> int:
    """The room for a last row of the legend that is not full: pygal does not reserve it."""
    rows = ceil(series / size.columns) - series // size.columns
    return ceil(rows * 1.5 * size.font) if series > 1 else 0


def _values(plot: Plot, series: Series) -> list[Any]:
    if not plot.over:
        return list(series.values)
    return [{"value": value, "label": label} for value, label in zip(series.values, plot.over, strict=True)]


def _bare(root: Element, title: str) -> Element:
    """Without comments, the script and what only that would read; with the title that a picture by itself needs."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag not in MARKUP or child.get("class") == "plot tooltip-overlay":
                parent.remove(child)
    for element in root.findall("title"):
        element.text = title
    return root
