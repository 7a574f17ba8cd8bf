#!/usr/bin/env python3
"""Plots for docs/performance.md: `plot.py RESULTS.tsv SLOPES.txt FOLDER` writes memory.svg and slopes.svg into FOLDER.

RESULTS.tsv is what tests/bench/run leaves, SLOPES.txt what `cargo run --release --example slopes` prints.
"""

import math
import re
import sys
from html import escape

COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555", "#a6761d", "#000000"]


def svg(width, height, title, parts):
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def line(x1, y1, x2, y2, colour="#cccccc"):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def text(x, y, words, anchor="start", colour="#222222"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(str(words))}</text>'


def memory(path):
    """Peak memory over the size of the capture, a line for each profile and number of threads."""
    series = {}
    with open(path, encoding="utf-8") as lines:
        for row in lines:
            profile, megabytes, program, _, _, peak, status = row.rstrip("\n").split("\t")
            if program.startswith("sipdiag") and status == "0":
                series.setdefault(f"{profile}, {program.split()[-1]} threads", {})[int(megabytes)] = int(peak)
    series = {name: points for name, points in sorted(series.items()) if len(points) > 2}
    left, top, right, bottom = 60, 20, 500, 280
    most = max(size for points in series.values() for size in points)
    least = min(size for points in series.values() for size in points)

    def x(size):
        return left + (right - left) * math.log(size / least) / math.log(most / least)

    def y(peak):
        return bottom - (bottom - top) * peak / 120

    parts = []
    for peak in range(0, 121, 20):
        parts += [line(left, y(peak), right, y(peak)), text(left - 8, y(peak) + 4, peak, "end")]
    parts += [line(left, y(100), right, y(100), "#cc0000"), text(right, y(100) - 5, "the limit", "end", "#cc0000")]
    for size in sorted({size for points in series.values() for size in points}):
        parts += [line(x(size), bottom, x(size), bottom + 5, "#222222"), text(x(size), bottom + 20, size, "middle")]
    parts.append(text((left + right) / 2, bottom + 40, "capture, MB", "middle"))
    parts.append(text(left - 8, top - 6, "peak memory, MB", "start"))
    for n, (name, points) in enumerate(series.items()):
        colour = COLOURS[n % len(COLOURS)]
        places = " ".join(f"{x(size):.1f},{y(peak):.1f}" for size, peak in sorted(points.items()))
        parts.append(f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [line(right + 20, top + 20 * n, right + 45, top + 20 * n, colour), text(right + 52, top + 20 * n + 4, name)]
    return svg(720, 330, "Peak memory over the size of the capture", parts)


def slopes(path):
    """A bar for each dimension; 1 is linear."""
    rows = []
    with open(path, encoding="utf-8") as lines:
        for row in lines:
            found = re.match(r"(.{34}) +\d+(?: +[\d.]+){4} +(-?[\d.]+)", row)
            if found:
                rows.append((found[1].strip(), float(found[2])))
    left, top, wide, high = 250, 30, 400, 16

    def x(slope):
        return left + wide * max(slope, 0) / 2

    parts = []
    bottom = top + high * len(rows)
    for slope in (0, 0.5, 1, 1.5, 2):
        parts += [line(x(slope), top - 4, x(slope), bottom), text(x(slope), top - 10, slope, "middle")]
    parts.append(line(x(1.3), top - 4, x(1.3), bottom, "#cc0000"))
    for n, (name, slope) in enumerate(rows):
        y = top + high * n
        parts.append(f'<rect x="{left}" y="{y + 2}" width="{x(slope) - left:.1f}" height="{high - 4}" fill="{COLOURS[0]}"/>')
        parts += [text(left - 8, y + 12, name, "end"), text(x(slope) + 4, y + 12, f"{slope:.2f}")]
    return svg(720, bottom + 20, "Growth of the time with each dimension", parts)


def main():
    results, slopes_text, folder = sys.argv[1:]
    for name, drawing in (("memory", memory(results)), ("slopes", slopes(slopes_text))):
        with open(f"{folder}/{name}.svg", "w", encoding="utf-8") as out:
            out.write(drawing)


main()
