"""Write the lists of these pages that are made of declarations: python docs/lists.py.

They stand between comments "list NAME" and "end of NAME"; a test holds them to the declarations.
"""

import re
from pathlib import Path

from skreg.hyperparameters.table import TABLE
from skreg.losses.records import LOSSES, names

DOCS = Path(__file__).parent
_ORDER = {declared.name: i for i, declared in enumerate(TABLE)}


def regularizers():
    """Path, title, what it acts on and engines of each regularizer's page, in the table's order."""
    found = []
    for page in [*(DOCS / "regularizers").glob("*.md"), DOCS / "augmentation.md"]:
        text = page.read_text(encoding="utf-8")
        front = dict(re.findall(r'^(\w+): "?(.+?)"?$', text.split("---\n")[1], re.M))
        title = front.get("regularizer") or re.search(r"^# (.+)$", text, re.M)[1]
        name = re.match(r"`(\w+)`", title)[1]
        row = page.relative_to(DOCS), title, front["acts_on"], front["engines"]
        found.append((_ORDER[name], *row))
    return [row for _, *row in sorted(found)]


def table_of_regularizers():
    """A row for each regularizer."""
    rows = [f"| [{title}]({path}) | {acts} | {engines} |\n" for path, title, acts, engines in PAGES]
    return "| regularizer | acts on | engines |\n| --- | --- | --- |\n" + "".join(rows)


def contents_of_regularizers():
    """The table of contents."""
    names = [f"{path.with_suffix('')}\n" for path, *_ in PAGES if len(path.parts) > 1]
    return "```{toctree}\n:hidden:\n\n" + "".join(names) + "```\n"


def losses():
    """A row for each loss of regressors, and what classifiers have."""
    found = [LOSSES[name] for name in names("regression")]
    rows = "".join(f"| regressor | `{r.name}` | {r.text} | {r.link} |\n" for r in found)
    return (
        "| estimator | loss | of one output | link |\n| --- | --- | --- | --- |\n" + rows + "| "
        "classifier | two classes, multilabel | binary cross-entropy | logistic |\n"
        "| classifier | more classes | cross-entropy | softmax |\n"
    )


PAGES = regularizers()
LISTS = {
    "objective.md": {"losses": losses},
    "regularizers.md": {
        "regularizers": table_of_regularizers,
        "pages": contents_of_regularizers,
    },
}


def pages():
    """Texts of the pages with their lists made anew, by path."""
    made = {}
    for page, lists in LISTS.items():
        text = (DOCS / page).read_text(encoding="utf-8")
        for name, make in lists.items():
            begin, end = f"<!-- list {name} -->\n", f"<!-- end of {name} -->\n"
            before, _, rest = text.partition(begin)
            text = before + begin + "\n" + make() + "\n" + end + rest.partition(end)[2]
        made[DOCS / page] = text
    return made


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
