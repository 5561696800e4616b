# Made by `python -m tests.stubs` from what stands in the module of this name: edit that.

from collections.abc import Sequence
from typing import Any, Literal, Self
from skreg._typing import Array, MatrixLike, Seed
from skreg.self_supervised._base import BasePretrainer

class MaskedPretrainer(BasePretrainer):
    """Pretrain an MLP on rows without labels: find the clean row in a corrupted one."""

    hidden_layer_sizes: Sequence[int] | Array | int
    activation: Literal["identity", "logistic", "relu", "tanh"]
    corruption: Literal["gaussian", "swap", "zero"]
    corruption_rate: float
    reconstruct: Literal["all", "corrupted"]
    mask_loss_weight: float
    solver: Literal["adam", "adamw", "sgd"]
    alpha: float
    batch_size: Literal["auto"] | int
    learning_rate: Literal["adaptive", "constant", "cosine", "invscaling"]
    learning_rate_init: float
    power_t: float
    max_iter: int
    shuffle: bool
    random_state: Seed
    tol: float
    verbose: int
    warm_start: bool
    momentum: float
    nesterovs_momentum: bool
    early_stopping: bool
    validation_fraction: float
    beta_1: float
    beta_2: float
    epsilon: float
    n_iter_no_change: float
    max_time: float | None
    averaging: Literal["ema", "swa"] | None
    averaging_decay: float
    averaging_start: float
    l1: float
    max_norm: float | None
    clip_grad_norm: float | None
    sam_rho: float
    normalization: Literal["batch", "layer"] | None
    residual: bool
    dropout: float
    input_dropout: float
    drop_path: float
    noise_std: float
    weight_noise_std: float
    device: str
    dtype: Literal["bfloat16", "float32", "float64"]
    engine: Literal["auto", "compiled", "torch"]
    callbacks: list[Any] | None

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] | Array | int = (100,),
        activation: Literal["identity", "logistic", "relu", "tanh"] = 'relu',
        *,
        corruption: Literal["gaussian", "swap", "zero"] = 'swap',
        corruption_rate: float = 0.3,
        reconstruct: Literal["all", "corrupted"] = 'all',
        mask_loss_weight: float = 0.0,
        solver: Literal["adam", "adamw", "sgd"] = 'adam',
        alpha: float = 0.0001,
        batch_size: Literal["auto"] | int = 'auto',
        learning_rate: Literal["adaptive", "constant", "cosine", "invscaling"] = 'constant',
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Seed = None,
        tol: float = 0.0001,
        verbose: int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-08,
        n_iter_no_change: float = 10,
        max_time: float | None = None,
        averaging: Literal["ema", "swa"] | None = None,
        averaging_decay: float = 0.99,
        averaging_start: float = 0.75,
        l1: float = 0.0,
        max_norm: float | None = None,
        clip_grad_norm: float | None = None,
        sam_rho: float = 0.0,
        normalization: Literal["batch", "layer"] | None = None,
        residual: bool = False,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        drop_path: float = 0.0,
        noise_std: float = 0.0,
        weight_noise_std: float = 0.0,
        device: str = 'cpu',
        dtype: Literal["bfloat16", "float32", "float64"] = 'float32',
        engine: Literal["auto", "compiled", "torch"] = 'auto',
        callbacks: list[Any] | None = None,
    ) -> None: ...

    def fit(  # type: ignore[override]
        self,
        X: MatrixLike,
        y: None = None,
        *,
        X_unlabeled: MatrixLike | tuple[MatrixLike] | None = None,
        X_val: MatrixLike | None = None,
    ) -> Self: ...
