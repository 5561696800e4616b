"""A child forked from a process that has trained answers as its parent does."""

import subprocess
import sys

SCRIPT = """
import os, sys, warnings
import numpy as np, torch
from skreg import BaggingRegressor, ConvNetClassifier, ConvNetRegressor, MaskedPretrainer
from skreg import MLPRegressor, NetRegressor
warnings.simplefilter("ignore")
torch.set_num_threads(2)
rng = np.random.default_rng(0)
X = rng.normal(size=(600, 1, 16, 16)).astype(np.float32)
y, flat = (X.mean(axis=(1, 2, 3)) > 0).astype(int), X.reshape(600, -1)
short = {"max_iter": 1, "random_state": 0}
conv = ConvNetClassifier(channels=(16,), **short)
mlp = MLPRegressor(hidden_layer_sizes=(8,), **short)
own = NetRegressor(torch.nn.Linear, module__in_features=256, module__out_features=1, **short)
nets = {
    "conv": (conv, X, y), "mlp": (mlp, flat, y), "module": (own, flat, y.astype(float)),
    "pretrainer": (MaskedPretrainer((8,), **short), flat, None),
    "ensemble": (BaggingRegressor(mlp, 2, random_state=0), flat, y),
}
def answers(net, X, y):
    ask = lambda: (net.predict if hasattr(net, "predict") else net.transform)(X)
    return [ask(), (net.fit(X, y), ask())[1]]
for net, X, y in nets.values():
    net.fit(X, y)
expected = {name: answers(*net) for name, net in nets.items()}
child = os.fork()
if child == 0:
    for name, net in nets.items():
        for found, right in zip(answers(*net), expected[name]):
            if not np.allclose(found, right, atol=1e-5):
                print(name, "answers otherwise", flush=True)
                os._exit(1)
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_every_kind_of_net_answers_in_a_forked_child():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
