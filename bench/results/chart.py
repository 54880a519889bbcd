"""The picture of a group of docs/results.md: accuracy over average MACs, as SVG."""

import math
from html import escape

WIDTH, HEIGHT = 900, 520
LEFT, RIGHT, TOP, BOTTOM = 56, 220, 16, 44  # margins in pixels; the legend lies in the right one
INK, FAINT = "#222222", "#dddddd"


class Axes:
    """Pixels of (average MACs, accuracy): MACs logarithmic."""

    def __init__(self, macs, accuracies):
        self.macs, self.accuracies = macs, accuracies

    def x(self, macs):
        low, high = map(math.log, self.macs)
        return LEFT + (math.log(macs) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(self, accuracy):
        low, high = self.accuracies
        return TOP + (high - accuracy) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def holds(self, macs, accuracy):
        return self.macs[0] <= macs <= self.macs[1] and self.accuracies[0] <= accuracy <= self.accuracies[1]


def text(x, y, words, anchor="start", colour=INK, size=12):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="{size}">{escape(words)}</text>'


def line(x0, y0, x1, y1, colour, width=1.0):
    return f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def mark(kind, x, y, colour):
    if kind == "square":
        return f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="{colour}"/>'
    if kind == "triangle":
        corners = f"{x:.1f},{y - 5:.1f} {x + 5:.1f},{y + 4:.1f} {x - 5:.1f},{y + 4:.1f}"
        return f'<polygon points="{corners}" fill="#ffffff" stroke="{colour}" stroke-width="1.5"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'


def grid(axes, ticks):
    parts = []
    for macs in ticks:
        x = axes.x(macs)
        parts += [line(x, TOP, x, HEIGHT - BOTTOM, FAINT), text(x, HEIGHT - BOTTOM + 18, f"{macs / 1e6:g} M", "middle")]
    for percent in range(math.ceil(100 * axes.accuracies[0]), math.floor(100 * axes.accuracies[1]) + 1, 5):
        y = axes.y(percent / 100)
        parts += [line(LEFT, y, WIDTH - RIGHT, y, FAINT), text(LEFT - 8, y + 4, f"{percent} %", "end")]
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, "average MACs an image (logarithmic)", "middle"))
    return parts


def draw(series, steps, axes, ticks, title):
    """SVG. series: [(name, colour, "circle" | "square" | "triangle", joined, [(MACs, accuracy), ...])]; steps: [(name, colour, [(budget
    in MACs, accuracy), ...])], short horizontal lines."""
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="system-ui, sans-serif" role="img">',
             f"<title>{escape(title)}</title>", f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>', *grid(axes, ticks)]
    legend = TOP + 12
    for name, colour, values in steps:
        for macs, accuracy in values:
            if axes.holds(macs, accuracy):
                parts.append(line(axes.x(macs) - 18, axes.y(accuracy), axes.x(macs), axes.y(accuracy), colour, 2.5))
        parts += [line(WIDTH - RIGHT + 14, legend - 4, WIDTH - RIGHT + 34, legend - 4, colour, 2.5), text(WIDTH - RIGHT + 42, legend, name)]
        legend += 22
    for name, colour, kind, joined, points in series:
        pixels = [(axes.x(m), axes.y(a)) for m, a in points if axes.holds(m, a)]
        if joined and len(pixels) > 1:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in pixels)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        parts += [mark(kind, x, y, colour) for x, y in pixels]
        parts += [mark(kind, WIDTH - RIGHT + 24, legend - 4, colour), text(WIDTH - RIGHT + 42, legend, name)]
        legend += 22
    return "\n".join([*parts, "</svg>"]) + "\n"
