"""What does each regularizer cost, against the same fit without any?"""

import numpy as np

from benchmarks._measure import interleaved, one_thread, report, verdict
from benchmarks._peers import fixed, standardized
from skreg import MLPClassifier, MLPRegressor

REGRESSOR = {
    "alpha=1e-3": {"alpha": 1e-3},
    "l1=1e-3": {"l1": 1e-3},
    "anchor_alpha=1e-3": {"anchor_alpha": 1e-3},
    "max_norm=3": {"max_norm": 3.0},
    "clip_grad_norm=1": {"clip_grad_norm": 1.0},
    "mixup_alpha=0.2": {"mixup_alpha": 0.2},
    "gradient_penalty=0.1": {"gradient_penalty": 0.1},
    "sam_rho=0.05": {"sam_rho": 0.05},
    "averaging='ema'": {"averaging": "ema"},
    "averaging='swa'": {"averaging": "swa"},
    "dropout=0.5": {"dropout": 0.5},
    "input_dropout=0.2": {"input_dropout": 0.2},
    "noise_std=0.1": {"noise_std": 0.1},
    "weight_noise_std=0.1": {"weight_noise_std": 0.1},
    "target_noise_std=0.1": {"target_noise_std": 0.1},
    "normalization='layer'": {"normalization": "layer"},
    "normalization='batch'": {"normalization": "batch"},
    "early_stopping": {"early_stopping": True},
    "activation='tanh'": {"activation": "tanh"},
    "activation='logistic'": {"activation": "logistic"},
    "solver='sgd'": {"solver": "sgd"},
}
TWO_LAYERS = {"residual": {"residual": True}, "drop_path=0.2": {"residual": True, "drop_path": 0.2}}
CLASSIFIER = {"label_smoothing=0.1": {"label_smoothing": 0.1}}
CASES = {
    "353 x 10, (100,)": (353, 10, (100,), 300),
    "353 x 10, (100, 100)": (353, 10, (100, 100), 150),
    "1,000 x 100, (128, 128)": (1000, 100, (128, 128), 30),
}


def measure(case):
    """Rows of the table for a case."""
    n, d, hidden, epochs = CASES[case]
    X, y = standardized(n, d)
    classes = np.digitize(y, [-0.5, 0.5])

    def fit(cls, target, params):
        net = cls(hidden_layer_sizes=hidden, **{"alpha": 0.0, **fixed(epochs), **params})
        return lambda: net.fit(X, target)

    functions = {"plain": fit(MLPRegressor, y, {}), "classes": fit(MLPClassifier, classes, {})}
    regressor = REGRESSOR | (TWO_LAYERS if len(hidden) > 1 else {})
    functions |= {name: fit(MLPRegressor, y, params) for name, params in regressor.items()}
    functions |= {name: fit(MLPClassifier, classes, params) for name, params in CLASSIFIER.items()}
    seconds = interleaved(functions)
    bars = dict.fromkeys((*regressor, *CLASSIFIER), 1.5)
    bars |= {"dropout=0.5": 1.4, "gradient_penalty=0.1": 3.0, "sam_rho=0.05": 3.0}
    for name in (*regressor, *CLASSIFIER):
        plain = seconds["classes" if name in CLASSIFIER else "plain"]
        ratio = seconds[name] / plain
        bar = "" if name.startswith(("activation", "solver")) else verdict(ratio, bars[name])
        yield case, name, seconds[name] * 1e3, ratio, bar


def main():
    """Print the table."""
    with one_thread():
        rows = [row for case in CASES for row in measure(case)]
    report("Cost of each regularizer", ("case", "what", "ms", "x the plain fit", "bar"), rows)


if __name__ == "__main__":
    main()
