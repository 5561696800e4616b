"""The report of `tune`: one HTML page that needs no other file."""

import base64
import io
from dataclasses import dataclass
from functools import partial
from html import escape

from skreg.cli.figure import draw
from skreg.cli.methods import PLAIN
from skreg.cli.table import cells_over_folds
from skreg.inspection import RaceDisplay
from skreg.inspection._drawing import pyplot


@dataclass(frozen=True)
class Facts:
    """What the page tells, beside the rows of the table.

    Attributes
    ----------
    title : str
    about : list of (str, str)
        Names and values: the data, and how it was searched.
    kept : str
        A sentence: what was kept and what it reached.
    verdict : str
        From `skreg.cli.table.verdict`.
    notes : list of str
        How the table is to be read.
    score : str
        Name of the score.
    commands : list of (str, str)
        What to do next: a heading and the lines to copy.
    """

    title: str
    about: list
    kept: str
    verdict: str
    notes: list
    score: str
    commands: list


def report(facts, rows, kept, panels, pipeline, race):
    """The page.

    Parameters
    ----------
    facts : Facts
    rows : list of Row
    kept : str
        The method that was kept.
    panels : list of Panel
        Of the figure.
    pipeline : estimator
        The one that was kept.
    race : estimator
        The one whose settings raced.

    Returns
    -------
    html : str
    """
    commands = "".join(
        f"<h3>{escape(what)}</h3><pre>{escape(lines)}</pre>" for what, lines in facts.commands
    )
    sections = {
        "Result": f"<p class=kept>{escape(facts.kept)}</p>{_verdict(facts.verdict)}",
        "Scores": _table(rows, facts.score, kept) + _list(facts.notes),
        "Train and validation score against lambda": _figure(panels),
        "The race of settings": _race(race),
        "The chosen pipeline": f"<div class=wide>{pipeline._repr_html_()}</div>"
        f"<details><summary>As text</summary><pre>{escape(repr(pipeline))}</pre></details>",
        "Use it": commands,
        "Data and search": _definitions(facts.about),
    }
    body = "".join(f"<section><h2>{escape(h)}</h2>{html}</section>" for h, html in sections.items())
    return _PAGE.format(title=escape(facts.title), style=_STYLE, body=body)


def _table(rows, score, kept):
    cells = cells_over_folds(rows, score)
    head = "".join(f"<th scope=col>{escape(name or 'method')}</th>" for name in cells[0])
    lines = [f"<tr>{head}</tr>"]
    for row, texts in zip(rows, cells, strict=True):
        method, *others = (escape(text).replace("+-", "&plusmn;") for text in texts.values())
        mark = " class=kept" if row.method == kept else ""
        told = f"{method} (kept)" if row.method == kept else method
        lines.append(
            f"<tr{mark}><th scope=row>{told}</th>{''.join(f'<td>{t}</td>' for t in others)}</tr>"
        )
    return f"<div class=wide><table class=scores>{''.join(lines)}</table></div>"


def _verdict(text):
    heading, *lines = text.splitlines()
    return f"<p>{escape(heading)}</p>{_list([line.strip() for line in lines])}"


def _list(texts):
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"


def _definitions(pairs):
    items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs)
    return f"<dl>{items}</dl>"


def _race(race):
    def draw_race(picture, **kwargs):
        display = RaceDisplay.from_search(race)
        display.figure_.savefig(picture, **kwargs)
        pyplot("tune").close(display.figure_)

    return (
        f'<figure><img alt="Scores of all settings, rung by rung" src="{_svg(draw_race)}">'
        "<figcaption>Mean score over the folds of every setting that raced. A line ends where its "
        "setting was dropped; what is far below the others is left out.</figcaption></figure>"
    )


def _svg(draw_to):
    """What `draw_to` draws, as the source of an image."""
    import matplotlib as mpl

    picture = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "skreg"}):  # the same page for the same scores
        draw_to(picture, format="svg", metadata={"Date": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(picture.getvalue()).decode()}"


def _figure(panels):
    return (
        f'<figure><img alt="Score against alpha, {escape(panels[0].title)}" '
        f'src="{_svg(partial(draw, panels))}"><figcaption>Lines are means over the folds, bands '
        f"one standard deviation to both sides; the dashed line is the alpha of the best mean. "
        f"&ldquo;{escape(PLAIN)}&rdquo; is alpha = 0, off the left edge.</figcaption></figure>"
    )


_STYLE = """
:root { color-scheme: light dark; --text: #1b1f24; --back: #ffffff; --soft: #f3f5f7;
  --line: #d0d7de; --kept: #fff3d6; --quiet: #57606a; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --back: #0f1318; --soft: #1b2129;
  --line: #3a434d; --kept: #4a3a10; --quiet: #a3adb8; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 66rem; background: var(--back);
  color: var(--text); font: 16px/1.5 system-ui, "Liberation Sans", Arial, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 2.2rem 0 .6rem; font-size: 1.2rem; border-bottom: 1px solid var(--line); }
h3 { margin: 1rem 0 .3rem; font-size: 1rem; }
p.kept { padding: .7rem 1rem; border-left: 4px solid #d55e00; background: var(--soft); }
.wide { overflow-x: auto; }
table.scores { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
.scores th, .scores td { padding: .3rem .7rem; border-bottom: 1px solid var(--line);
  text-align: right; white-space: nowrap; }
.scores th:first-child { text-align: left; }
.scores tr.kept { background: var(--kept); font-weight: 600; }
figure { margin: 0; }
figure img { display: block; width: 100%; max-width: 40rem; height: auto; background: #fff; }
figcaption, ul { color: var(--quiet); font-size: .9rem; }
pre { overflow-x: auto; padding: .7rem 1rem; background: var(--soft); font-size: .85rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
"""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""
