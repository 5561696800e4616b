"""The same net trained by others: scikit-learn, a plain torch loop, a plain skorch net."""

from itertools import pairwise

import numpy as np
import torch
from sklearn.neural_network import MLPRegressor as SklearnMLPRegressor
from skorch import NeuralNetRegressor

BATCH, RATE = 200, 1e-3


def fixed(epochs):
    """Parameters for a fixed number of epochs, in scikit-learn's words."""
    return {"max_iter": epochs, "tol": 0.0, "n_iter_no_change": 10**6, "random_state": 0}


def sklearn_fit(X, y, hidden, epochs):
    """scikit-learn's MLPRegressor."""
    net = SklearnMLPRegressor(hidden_layer_sizes=hidden, **fixed(epochs))
    return net.fit(X, y).loss_curve_[-1]


def module(n_in, hidden):
    """The net as a torch module."""
    sizes, layers = [n_in, *hidden], []
    for a, b in pairwise(sizes):
        layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], 1))


def torch_fit(X, y, hidden, epochs):
    """A torch loop as one writes it: batches by index, Adam with weight decay."""
    x, t = torch.from_numpy(X), torch.from_numpy(y)[:, None]
    net = module(X.shape[1], hidden)
    optimizer = torch.optim.Adam(net.parameters(), lr=RATE, weight_decay=1e-4)
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss = ((net(x[rows]) - t[rows]) ** 2).mean() / 2
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
    return total / len(x)


def skorch_fit(X, y, hidden, epochs):
    """A skorch net as its documentation has it."""
    net = NeuralNetRegressor(
        module(X.shape[1], hidden),
        max_epochs=epochs,
        lr=RATE,
        batch_size=BATCH,
        optimizer=torch.optim.Adam,
        optimizer__weight_decay=1e-4,
        train_split=None,
        iterator_train__shuffle=True,
        verbose=0,
    )
    net.fit(X, y[:, None])
    return net.history[-1, "train_loss"] / 2


def standardized(n, d, seed=0):
    """A regression problem with noise: float32 X and y."""
    rng = np.random.RandomState(seed)
    X = rng.randn(n, d)
    y = X[:, :5].sum(axis=1) + np.sin(2 * X[:, 0]) + rng.randn(n)
    return X.astype(np.float32), ((y - y.mean()) / y.std()).astype(np.float32)
