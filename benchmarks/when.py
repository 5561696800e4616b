"""Which regularizer helps when? Gains on four ailments of a table, each regularizer by itself.

Few rows, many columns, outliers among the targets, wrong labels: scikit-learn's diabetes and
digits data, made ill. Strengths are chosen on seeds of their own, and judged on others. Test rows
are as they were.
"""

import numpy as np
from sklearn.datasets import load_diabetes, load_digits
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks._measure import one_thread, report
from skreg import MLPClassifier, MLPRegressor

CHOSEN_ON, JUDGED_ON = range(100, 110), range(20)
PLAIN = {"alpha": 0.0, "max_iter": 300, "tol": 0.0, "n_iter_no_change": np.inf}
GRIDS = {
    "alpha": [0.01, 0.03, 0.1, 0.3],
    "l1": [0.001, 0.003, 0.01, 0.03],
    "dropout": [0.3, 0.5, 0.7],
    "input_dropout": [0.2, 0.4, 0.6],
    "noise_std": [0.2, 0.4, 0.7, 1.0],
    "weight_noise_std": [0.05, 0.1, 0.2],
    "mixup_alpha": [0.2, 0.5, 1.0],
    "sam_rho": [0.05, 0.2, 0.5],
    "averaging": ["ema"],
    "early_stopping": [True],
    "target_noise_std": [0.3, 0.6, 1.0],
    "loss": ["huber", "absolute_error"],
    "label_smoothing": [0.1, 0.2, 0.4],
}


def few_rows(seed):
    """Diabetes, 100 of its rows to train on."""
    X, y = load_diabetes(return_X_y=True)
    return train_test_split(X, y, train_size=100, random_state=seed)


def many_columns(seed):
    """Diabetes, 200 rows, beside 100 columns of noise."""
    X, y = load_diabetes(return_X_y=True)
    X = np.hstack([X / X.std(axis=0), np.random.RandomState(seed).randn(len(X), 100)])
    return train_test_split(X, y, train_size=200, random_state=seed)


def outliers(seed):
    """Diabetes, 300 rows, every tenth target off by ten standard deviations."""
    X, y = load_diabetes(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=300, random_state=seed)
    rng = np.random.RandomState(seed)
    ill = rng.rand(300) < 0.1
    y_train = np.where(ill, y_train + 10 * y.std() * rng.choice([-1, 1], 300), y_train)
    return X_train, X_test, y_train, y_test


def wrong_labels(seed):
    """Digits, 300 rows, a third of whose labels were drawn anew."""
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=300, random_state=seed)
    rng = np.random.RandomState(seed)
    y_train = np.where(rng.rand(300) < 1 / 3, rng.randint(0, 10, 300), y_train)
    return X_train, X_test, y_train, y_test


def score(case, seed, params):
    """R2 or accuracy on the other rows."""
    X_train, X_test, y_train, y_test = case(seed)
    scaler = StandardScaler().fit(X_train)
    cls = MLPClassifier if case is wrong_labels else MLPRegressor
    net = cls(random_state=seed, **{**PLAIN, **params}).fit(scaler.transform(X_train), y_train)
    return net.score(scaler.transform(X_test), y_test)


def gain(case, name, plain):
    """The strength chosen, and the mean gain with its standard error."""
    own = (MLPClassifier if case is wrong_labels else MLPRegressor)._hyperparameters
    if name not in own:
        return ""
    means = [np.mean([score(case, s, {name: v}) for s in CHOSEN_ON]) for v in GRIDS[name]]
    value = GRIDS[name][int(np.argmax(means))]
    gains = np.array([score(case, s, {name: value}) for s in JUDGED_ON]) - plain
    return f"{gains.mean():+.3f} +- {gains.std(ddof=1) / len(gains) ** 0.5:.3f} ({value})"


def main():
    """Print the table."""
    cases = (few_rows, many_columns, outliers, wrong_labels)
    with one_thread():
        plain = {case: np.array([score(case, s, {}) for s in JUDGED_ON]) for case in cases}
        rows = [("none", *(f"{plain[case].mean():.3f}" for case in cases))]
        rows += [(name, *(gain(case, name, plain[case]) for case in cases)) for name in GRIDS]
    names = [case.__name__.replace("_", " ") for case in cases]
    report(f"Gain in test score over {len(JUDGED_ON)} seeds", ("with", *names), rows)


if __name__ == "__main__":
    main()
