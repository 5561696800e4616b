"""What the pages say runs as it is written, and their links lead somewhere."""

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

import skreg

ROOT = Path(__file__).parent.parent.parent
PAGES = [
    ROOT / "README.md",
    *(ROOT / "docs").glob("*.md"),
    *(ROOT / "docs/regularizers").glob("*.md"),
]
MADE_BY_THE_BUILD = ("figures", "gallery")


def without_code(text):
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)


def anchors(page):
    """The anchors of a page's headings, as GitHub and myst make them."""
    heads = re.findall(
        r"^#+ (.+)$", re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL), re.M
    )
    words = [re.sub(r"[^\w\- ]", "", head.lower()) for head in heads]
    return {word.replace(" ", "-") for word in words}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_repository_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text())):
        path, _, anchor = link.partition("#")
        if link.startswith("http") or set(Path(path).parts) & set(MADE_BY_THE_BUILD):
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), link
        assert ROOT in target.parents, link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_in_a_table_of_contents():
    tables = "\n".join(
        re.findall(r"```{toctree}.*?```", "".join(p.read_text() for p in PAGES), re.DOTALL)
    )
    names = {str(p.relative_to(ROOT / "docs").with_suffix("")) for p in PAGES[1:]} - {"index"}
    assert not {name for name in names if not re.search(rf"^{name}$", tables, re.M)}


def test_lists_are_those_of_the_declarations():
    spec = spec_from_file_location("lists", ROOT / "docs/lists.py")
    lists = module_from_spec(spec)
    spec.loader.exec_module(lists)
    for page, text in lists.pages().items():
        assert page.read_text() == text, "python docs/lists.py writes the lists anew"


@pytest.mark.parametrize(
    "page", ["README.md", "docs/start.md", pytest.param("docs/tuning.md", marks=pytest.mark.slow)]
)
def test_blocks_run_one_after_another(page, tmp_path, monkeypatch):
    from matplotlib import pyplot as plt

    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    assert blocks
    space = {"__name__": "page"}
    for block in blocks:
        exec(compile(block, page, "exec"), space)
    plt.close("all")


def test_the_citation_names_this_version():
    citation = (ROOT / "CITATION.cff").read_text()
    assert f"version: {skreg.__version__}\n" in citation
    (day,) = re.findall(r"^date-released: (\S+)$", citation, re.M)
    assert f"## {skreg.__version__} ({day})" in (ROOT / "docs/changelog.md").read_text()
