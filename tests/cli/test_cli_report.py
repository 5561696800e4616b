"""The report of `tune`, in a real browser."""

import html
import json
import re
import subprocess

import pandas as pd
import pytest
from PIL import Image

from skreg.cli.main import main
from tests._browser import browser
from tests.cli.test_cli import mixed_frame

pytestmark = pytest.mark.browser

# What the browser made of the page, written where --dump-dom shows it.
_LOOK = """<script>
addEventListener("load", () => {
  const tell = {
    errors: window.seen,
    inner: innerWidth,
    wide: document.documentElement.scrollWidth,
    picture: document.querySelector("figure img").naturalWidth,
    loaded: performance.getEntriesByType("resource").map(e => e.name)
      .filter(n => !n.startsWith("data:")),
    cut: [...document.querySelectorAll("h1, h2, h3, p, li, dd, figcaption")]
      .filter(e => e.scrollWidth > e.clientWidth + 1 && !e.closest(".sk-top-container"))
      .map(e => e.textContent),
    kept: document.querySelector("tr.kept th").innerText,
    methods: [...document.querySelectorAll("table.scores tr th:first-child")].map(e => e.innerText),
  };
  document.body.dataset.tell = JSON.stringify(tell);
});
</script>"""
_WATCH = '<script>window.seen = []; addEventListener("error", e => seen.push(e.message));</script>'


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    directory = tmp_path_factory.mktemp("report")
    data = directory / "houses <old> & new.csv"
    mixed_frame().to_csv(data, index=False)
    arguments = ["tune", str(data), "--target", "price", "--output", str(directory / "out")]
    assert main([*arguments, "--quick"]) == 0
    return directory / "out"


def run_browser(tmp_path, page, *options):
    """Standard output of a headless browser with a profile of its own."""
    command = [browser(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    done = subprocess.run(
        [*command, profile, *options, page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("width", [1200, 500])
def test_a_browser_shows_the_report(output, tmp_path, width):
    text = (output / "report.html").read_text(encoding="utf-8")
    page = tmp_path / "look.html"
    watched = text.replace("<head>", f"<head>{_WATCH}").replace("</body>", f"{_LOOK}</body>")
    page.write_text(watched, encoding="utf-8")
    dom = run_browser(tmp_path, page, f"--window-size={width},1500", "--dump-dom")
    told = json.loads(html.unescape(re.search(r'data-tell="([^"]*)"', dom)[1]))
    assert told["errors"] == []
    assert told["loaded"] == []  # nothing from elsewhere
    assert told["picture"] > 100
    assert told["inner"] == width
    assert told["wide"] <= width  # tables scroll by themselves, the page does not
    assert told["cut"] == []
    scores = pd.read_csv(output / "scores.csv")
    kept = scores.loc[scores["kept"], "method"].item()
    assert told["kept"] == f"{kept} (kept)"
    assert told["methods"] == ["method", *scores["method"].replace(kept, f"{kept} (kept)")]


def test_a_screenshot_has_the_colours_of_the_figure(output, tmp_path):
    picture = tmp_path / "shot.png"
    options = "--window-size=1200,2600", f"--screenshot={picture}"
    run_browser(tmp_path, output / "report.html", *options)
    image = Image.open(picture).convert("RGB")
    assert image.size == (1200, 2600)
    colors = {color for _, color in image.getcolors(1 << 24)}
    assert {(0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00), (255, 255, 255)} <= colors


def test_the_report_says_how_to_use_the_model(output):
    text = html.unescape((output / "report.html").read_text(encoding="utf-8"))
    assert f"skreg.load({str(output / 'pipeline.skreg')!r})" in text
    assert f"python -m skreg predict {output / 'pipeline.skreg'} new.csv" in text
    assert "houses <old> & new.csv" in text
