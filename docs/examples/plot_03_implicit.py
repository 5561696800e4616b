"""
Implicit regularization
=======================

Gradient descent with steps of finite size does not follow the flow downhill of its loss L, but
that of ``L + h / 4 * |grad L|**2``: the learning rate h regularizes by itself (Barrett & Dherin
2021, "Implicit gradient regularization"). Seen on a net of two weights, one linear hidden unit,
whose loss is ``(a b - 2)**2 / 2``: everywhere on the curve ``a b = 2`` it is 0, and where on it
a path ends tells what was minimized.
"""

import numpy as np
from matplotlib import pyplot as plt
from scipy.integrate import solve_ivp

from skreg import MLPRegressor
from skreg.inspection import implicit_regularization

C, H, START = 2.0, 0.05, (1.5, -1.4)
X = np.array([[-1.0], [1.0]])
y = C * X[:, 0]

# %%
# The discrete path, by ``partial_fit``: a step a call. The starting weights are put in by hand.


def descent(n_steps, **params):
    """Weights (a, b) after each step of gradient descent from START."""
    net = MLPRegressor(
        hidden_layer_sizes=1,
        activation="identity",
        solver="sgd",
        momentum=0.0,
        alpha=0.0,
        scale_target=False,
        dtype="float64",
        learning_rate_init=1e-300,
        random_state=0,
    )
    net.partial_fit(X, y)
    for coef, value in zip(net.coefs_, START, strict=True):
        coef[:] = value
    for intercept in net.intercepts_:
        intercept[:] = 0
    net = net.set_params(**params)
    path = [START]
    for _ in range(n_steps):
        net.partial_fit(X, y)
        path.append([coef.item() for coef in net.coefs_])
    return np.array(path), net


# %%
# The two flows, by scipy.


def flow(penalty):
    """Gradient flow on the loss plus ``penalty / 4`` times its squared gradient."""

    def slope(_, w):
        a, b = w
        r = a * b - C
        gradient = r * np.array([b, a])
        hessian = np.array([[b * b, r + a * b], [r + a * b, a * a]])
        return -(gradient + penalty / 2 * hessian @ gradient)

    return solve_ivp(slope, (0, 200), START, rtol=1e-9, atol=1e-11, method="LSODA").y.T


paths = {
    f"gradient descent, steps of {H}": descent(150, learning_rate_init=H)[0],
    "flow on L": flow(0.0),
    "flow on L + h/4 |grad L|²": flow(H),
}

# %%

a, b = np.meshgrid(np.linspace(-0.1, 2.4, 200), np.linspace(-1.8, 2.4, 200))
figure, axes = plt.subplots(1, 2, figsize=(8, 4.4), layout="constrained")
for ax in axes:
    ax.contourf(a, b, np.log10((a * b - C) ** 2 / 2 + 1e-3), levels=20, cmap="Greys")
    for (name, path), style in zip(paths.items(), ["o", "-", "--"], strict=True):
        ax.plot(*path.T, style, lw=2, ms=4, label=name)
    curve = np.linspace(0.85, 2.4, 100)
    ax.plot(curve, C / curve, color="black", lw=1, label="a b = 2: loss 0")
    ax.set_xlabel("a")
ends = np.array([path[-1] for path in paths.values()])
low, high = ends.min(axis=0), ends.max(axis=0)
axes[0].set(xlim=(-0.1, 2.4), ylim=(-1.8, 2.4), ylabel="b", title="the paths (darker: larger loss)")
room = 0.6 * (high - low)
axes[1].set_xlim(low[0] - room[0], high[0] + room[0])
axes[1].set_ylim(low[1] - room[1], high[1] + room[1])
axes[1].set_title("where they end, enlarged")
axes[0].plot(*ends.mean(axis=0), "s", ms=13, mfc="none", mec="black")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)

# %%
# The steps end where the flow on the modified loss ends, not where that on the loss does. So a
# smaller learning rate with the term made explicit, ``gradient_penalty=h``, ends there as well.
# Along the way the term was this much of the modified loss:

for n_steps in (0, 10, 20, 60):
    _, net = descent(max(n_steps, 1), learning_rate_init=H if n_steps else 1e-12)
    terms = implicit_regularization(net, X, y, learning_rate=H)
    print(f"{n_steps:4d} steps: loss {terms.loss:8.4f}, share of h/4 |grad L|² ", end="")
    print(f"{terms.gradient_share:.1%}")
