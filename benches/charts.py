"""The charts of what was measured, as SVG, for light and for dark pages."""

import math
import pathlib
import statistics
from html import escape

# Blue and orange differ for all eyes; what is beside them is grey, and each line and bar has its name on it.
THEMES = {
    "light": {"text": "#1f2328", "quiet": "#59636e", "grid": "#d1d9e0", "own": "#0969da", "other": "#8c959f", "limit": "#bc4c00"},
    "dark": {"text": "#f0f6fc", "quiet": "#9198a1", "grid": "#3d444d", "own": "#4493f8", "other": "#7d8590", "limit": "#f0883e"},
}
WIDTH = 760
FONT = "-apple-system, BlinkMacSystemFont, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif"


def write(results: dict, folder: pathlib.Path) -> str:
    """NAME-light.svg and NAME-dark.svg of each chart whose part was measured, and how a page beside the folder shows them."""
    folder.mkdir(parents=True, exist_ok=True)
    shown = []
    for name, part, chart, words in [
        ("check", "cold", check, "Seconds that each program takes for the large corpus"),
        ("keys", "keys", keys, "Milliseconds from a keystroke to fresh diagnostics, by the length of the file"),
        ("growth", "growth", growth, "How the time of a check grows with files and with lines"),
    ]:
        if part in results:
            for theme, colours in THEMES.items():
                (folder / f"{name}-{theme}.svg").write_text(chart(results, colours), "utf-8")
            shown.append(f'<picture>\n  <source media="(prefers-color-scheme: dark)" srcset="{folder.name}/{name}-dark.svg">\n'
                         f'  <img src="{folder.name}/{name}-light.svg" alt="{words}">\n</picture>\n')
    return "\n".join(shown)


class Drawing:
    def __init__(self, height: int, title: str, below: str, colours: dict):
        self.colours, self.height = colours, height
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
            f'font-family="{FONT}">',
            f"<title>{escape(title)}</title>",
        ]
        self.text(0, 18, title, size=16, weight=600)
        self.text(0, 38, below, size=13, colour="quiet")

    def text(self, x, y, words, size=13, colour="text", anchor="start", weight=400):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" fill="{self.colours[colour]}" '
                          f'text-anchor="{anchor}">{escape(words)}</text>')

    def bar(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{height}" rx="2" fill="{self.colours[colour]}"/>')

    def line(self, points, colour, width=1.0, dashed=False):
        dash = ' stroke-dasharray="4 4"' if dashed else ""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{self.colours[colour]}" stroke-width="{width}"{dash}/>')

    def dot(self, x, y, colour):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{self.colours[colour]}"/>')

    def cut(self, x, y, height):
        """A bar that is longer than there is room for."""
        self.parts.append(f'<path d="M{x} {y - 2}l8 {height / 2 + 2}l-8 {height / 2 + 2}" fill="none" stroke="{self.colours["text"]}" '
                          'stroke-width="1.5"/>')

    def done(self) -> str:
        return "\n".join([*self.parts, "</svg>", ""])


def check(results: dict, colours: dict) -> str:
    cold = results["cold"]
    told = {"dynaleak": ("dynaleak", "all rules", "own"), "ripgrep": ("ripgrep", "for the word dynamodb", "limit"),
            "bare parse": ("tree-sitter", "only parsing what matters", "limit"), "ruff": ("ruff", "one rule", "other"),
            "ast-grep": ("ast-grep", "one pattern", "other"), "semgrep": ("semgrep", "one rule", "other")}
    bars = [(*told[name], statistics.median(run["seconds"])) for name, run in cold["runs"].items()]
    bars.sort(key=lambda bar: bar[3])
    lengths = [bar[3] for bar in bars]
    cut = len(bars) > 2 and lengths[-1] > 2.5 * lengths[-2]
    longest = lengths[-2] if cut else lengths[-1]
    left, room, step = 270, WIDTH - 270 - 80, 30
    drawing = Drawing(64 + step * len(bars), f"Checking {cold['corpus']['lines'] / 1e6:.1f} million lines of Python",
                      f"Seconds, median, on {results['machine']['threads']} processors, nothing cached; less is better", colours)
    for row, (name, what, colour, seconds) in enumerate(bars):
        y = 60 + row * step
        drawing.text(0, y + 14, name, weight=600 if colour == "own" else 400)
        drawing.text(92, y + 14, what, size=12, colour="quiet")
        over = cut and row == len(bars) - 1
        width = room if over else seconds / longest * room * (0.8 if cut else 1)
        drawing.bar(left, y, width, 20, colour)
        if over:
            drawing.cut(left + width - 30, y, 20)
        drawing.text(left + width + 8, y + 15, f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s", weight=600 if colour == "own" else 400)
    return drawing.done()


def keys(results: dict, colours: dict) -> str:
    measured = results["keys"]["lines"]
    sizes = list(measured)
    series = {}
    for name in measured[sizes[0]]:
        series[name] = [(place, measured[size][name]["p50_ms"]) for place, size in enumerate(sizes) if "p50_ms" in measured[size][name]]
    labels = [f"{int(size):,} lines" for size in sizes]
    return lines(results, colours, "From a keystroke to fresh diagnostics", "Milliseconds, median, by the length of the open file; less is better",
                 labels, series, "ms")


def growth(results: dict, colours: dict) -> str:
    series, steps = {}, []
    for kind in ("files", "lines"):
        grown = results["growth"][kind]
        steps = sorted({*steps, *grown["times"]})
        series[f"{kind}: exponent {grown['exponent']:.2f}"] = list(zip(grown["times"], grown["seconds"]))
    place = {times: math.log(times) / math.log(steps[-1]) * (len(steps) - 1) for times in steps}
    series = {name: [(place[times], seconds) for times, seconds in points] for name, points in series.items()}
    return lines(results, colours, "How a check grows", "Seconds of the processor less those of the start, by times as many files, or lines in one file",
                 [f"× {times}" for times in steps], series, "s", at=list(place.values()), first="files")


def lines(results: dict, colours: dict, title: str, below: str, labels: list[str], series: dict, unit: str, at=None, first="dynaleak") -> str:
    """Both axes logarithmic; each line has its name at its end."""
    values = [value for points in series.values() for _, value in points]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    top, bottom, left, right = 64, 330, 80, WIDTH - 180
    height = lambda value: bottom - (math.log10(value) - low) / (high - low) * (bottom - top)
    across = lambda place: left + 20 + place / (len(labels) - 1) * (right - left - 40)
    drawing = Drawing(366, title, below, colours)
    for power in range(low, high + 1):
        drawing.line([(left, height(10.0**power)), (right, height(10.0**power))], "grid")
        drawing.text(left - 8, height(10.0**power) + 4, f"{10.0**power:,.{max(0, -power)}f} {unit}", size=12, colour="quiet", anchor="end")
    for place, label in zip(at or range(len(labels)), labels):
        drawing.text(across(place), bottom + 22, label, size=12, colour="quiet", anchor="middle")
    ends = []
    for name, points in series.items():
        own = name.startswith(first)
        placed = [(across(place), height(value)) for place, value in points]
        drawing.line(placed, "own" if own else "other", 2.5 if own else 1.5)
        for x, y in placed:
            drawing.dot(x, y, "own" if own else "other")
        ends.append([placed[-1][1], name, points[-1][1], own])
    # Names that would lie on each other move apart.
    ends.sort()
    for above, under in zip(ends, ends[1:]):
        under[0] = max(under[0], above[0] + 18)
    for y, name, value, own in ends:
        drawing.text(right + 8, y + 4, f"{name} {value:,.{2 if value < 10 else 0}f} {unit}" if first == "dynaleak" else name, weight=600 if own else 400, colour="text" if own else "quiet")
    return drawing.done()
