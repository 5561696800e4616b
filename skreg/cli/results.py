"""What the job `tune` writes: the report, the pipeline, the scores, the searches and the figure."""

from dataclasses import asdict

from skreg import save
from skreg.cli.figure import Panel, draw
from skreg.cli.report import report

REPORT, PIPELINE, SCORES_CSV, SEARCHES, FIGURE = (
    "report.html",
    "pipeline.skreg",
    "scores.csv",
    "cv_results.csv",
    "lambda.png",
)


def write(directory, name, task, results, rows, kept, pipeline, facts):
    """Write all results of a comparison on one split.

    Parameters
    ----------
    directory : pathlib.Path
        Where to; exists.
    name : str
        Name of the data, for the figure.
    task : {"regression", "classification"}
        What the target asks for.
    results : list of Result
        The result of every method, the race's last.
    rows : list of Row
        The rows of the table.
    kept : str
        The method that is kept.
    pipeline : Pipeline
        Its pipeline, for rows as they are read.
    facts : Facts
        For the report.
    """
    import pandas as pd

    save(pipeline, directory / PIPELINE)
    scores = pd.DataFrame([asdict(row) for row in rows]).drop(columns=["is_ours", "test_se"])
    scores["kept"] = scores["method"] == kept
    scores.to_csv(directory / SCORES_CSV, index=False)
    _searches(results).to_csv(directory / SEARCHES, index=False)
    alpha = next(result for result in results if result.method.name == "alpha")
    short = name if len(name) <= 32 else f"{name[:29]}..."
    title = f"{short}: mean and std of {alpha.search.n_splits_} folds"
    panels = [Panel(title, task, alpha.search)]
    draw(panels, directory / FIGURE)
    page = report(facts, rows, kept, panels, pipeline, results[-1].search.best_estimator_)
    (directory / REPORT).write_text(page, encoding="utf-8")


def _searches(results):
    import pandas as pd

    tables = []
    for result in results:
        table = pd.DataFrame(result.search.cv_results_).drop(columns="params")
        table.insert(0, "method", result.method.name)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
