# Made by `python -m tests.stubs` from what stands in the module of this name: edit that.

from collections.abc import Callable, Sequence
from typing import Any, Literal
from skreg._typing import Array, Seed
from skreg.estimators._presets import PresetMixin
from skreg.estimators._regressor import NetRegressorMixin
from skreg.estimators._layered import BaseMLP
from skreg.estimators._classifier import NetClassifierMixin

class MLPRegressor(PresetMixin, NetRegressorMixin, BaseMLP):
    """Multi-layer perceptron regressor in which every regularizer is a hyperparameter."""

    loss: Literal["absolute_error", "gamma", "gaussian", "huber", "laplace", "poisson", "quantile", "squared_error"]
    hidden_layer_sizes: Sequence[int] | Array | int
    activation: Literal["identity", "logistic", "relu", "tanh"]
    solver: Literal["adam", "adamw", "lbfgs", "sgd"]
    alpha: float | Sequence[float] | Array
    batch_size: Literal["auto"] | int
    learning_rate: Literal["adaptive", "constant", "cosine", "invscaling"]
    learning_rate_init: float
    n_snapshots: int
    power_t: float
    max_iter: int
    shuffle: bool
    random_state: Seed
    tol: float
    verbose: int
    warm_start: bool
    momentum: float
    nesterovs_momentum: bool
    early_stopping: bool | Literal["refit"]
    validation_fraction: Any
    scoring: str | Callable[..., Any]
    beta_1: float
    beta_2: float
    epsilon: float
    n_iter_no_change: float
    max_fun: int
    max_time: float | None
    averaging: Literal["ema", "swa"] | None
    averaging_decay: float
    averaging_start: float
    l1: float | Sequence[float] | Array
    group_lasso: float
    anchor_alpha: float
    anchor: Sequence[Any] | Array | None
    penalty: Callable[..., Any] | None
    max_norm: float | None
    clip_grad_norm: float | None
    gradient_penalty: float | Literal["auto"]
    gradient_penalty_rho: float | None
    sam_rho: float
    mixup_alpha: float
    cutmix_alpha: float
    augment: Any
    normalization: Literal["batch", "layer"] | None
    residual: bool
    dropout: float | Sequence[float] | Array
    input_dropout: float
    drop_path: float
    noise_std: float
    weight_noise_std: float
    target_noise_std: float
    scale_target: bool
    huber_delta: float
    gaussian_beta: float
    quantile: float | Sequence[float] | Array
    pretrained: Any
    reset_layers: int
    n_frozen_layers: int | Literal["all"]
    freeze_epochs: int | None
    pretrained_lr_mult: float
    device: str
    dtype: Literal["bfloat16", "float32", "float64"]
    engine: Literal["auto", "compiled", "torch"]
    callbacks: list[Any] | None

    def __init__(
        self,
        loss: Literal["absolute_error", "gamma", "gaussian", "huber", "laplace", "poisson", "quantile", "squared_error"] = 'squared_error',
        hidden_layer_sizes: Sequence[int] | Array | int = (100,),
        activation: Literal["identity", "logistic", "relu", "tanh"] = 'relu',
        *,
        solver: Literal["adam", "adamw", "lbfgs", "sgd"] = 'adam',
        alpha: float | Sequence[float] | Array = 0.0001,
        batch_size: Literal["auto"] | int = 'auto',
        learning_rate: Literal["adaptive", "constant", "cosine", "invscaling"] = 'constant',
        learning_rate_init: float = 0.001,
        n_snapshots: int = 1,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Seed = None,
        tol: float = 0.0001,
        verbose: int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool | Literal["refit"] = False,
        validation_fraction: Any = 0.1,
        scoring: str | Callable[..., Any] = 'loss',
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-08,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        max_time: float | None = None,
        averaging: Literal["ema", "swa"] | None = None,
        averaging_decay: float = 0.99,
        averaging_start: float = 0.75,
        l1: float | Sequence[float] | Array = 0.0,
        group_lasso: float = 0.0,
        anchor_alpha: float = 0.0,
        anchor: Sequence[Any] | Array | None = None,
        penalty: Callable[..., Any] | None = None,
        max_norm: float | None = None,
        clip_grad_norm: float | None = None,
        gradient_penalty: float | Literal["auto"] = 0.0,
        gradient_penalty_rho: float | None = None,
        sam_rho: float = 0.0,
        mixup_alpha: float = 0.0,
        cutmix_alpha: float = 0.0,
        augment: Any = None,
        normalization: Literal["batch", "layer"] | None = None,
        residual: bool = False,
        dropout: float | Sequence[float] | Array = 0.0,
        input_dropout: float = 0.0,
        drop_path: float = 0.0,
        noise_std: float = 0.0,
        weight_noise_std: float = 0.0,
        target_noise_std: float = 0.0,
        scale_target: bool = True,
        huber_delta: float = 1.0,
        gaussian_beta: float = 0.0,
        quantile: float | Sequence[float] | Array = 0.5,
        pretrained: Any = None,
        reset_layers: int = 1,
        n_frozen_layers: int | Literal["all"] = 0,
        freeze_epochs: int | None = None,
        pretrained_lr_mult: float = 1.0,
        device: str = 'cpu',
        dtype: Literal["bfloat16", "float32", "float64"] = 'float32',
        engine: Literal["auto", "compiled", "torch"] = 'auto',
        callbacks: list[Any] | None = None,
    ) -> None: ...

class MLPClassifier(PresetMixin, NetClassifierMixin, BaseMLP):
    """Multi-layer perceptron classifier in which every regularizer is a hyperparameter."""

    hidden_layer_sizes: Sequence[int] | Array | int
    activation: Literal["identity", "logistic", "relu", "tanh"]
    solver: Literal["adam", "adamw", "lbfgs", "sgd"]
    alpha: float | Sequence[float] | Array
    batch_size: Literal["auto"] | int
    learning_rate: Literal["adaptive", "constant", "cosine", "invscaling"]
    learning_rate_init: float
    n_snapshots: int
    power_t: float
    max_iter: int
    shuffle: bool
    random_state: Seed
    tol: float
    verbose: int
    warm_start: bool
    momentum: float
    nesterovs_momentum: bool
    early_stopping: bool | Literal["refit"]
    validation_fraction: Any
    scoring: str | Callable[..., Any]
    beta_1: float
    beta_2: float
    epsilon: float
    n_iter_no_change: float
    max_fun: int
    max_time: float | None
    averaging: Literal["ema", "swa"] | None
    averaging_decay: float
    averaging_start: float
    l1: float | Sequence[float] | Array
    group_lasso: float
    anchor_alpha: float
    anchor: Sequence[Any] | Array | None
    penalty: Callable[..., Any] | None
    max_norm: float | None
    clip_grad_norm: float | None
    gradient_penalty: float | Literal["auto"]
    gradient_penalty_rho: float | None
    sam_rho: float
    mixup_alpha: float
    cutmix_alpha: float
    augment: Any
    normalization: Literal["batch", "layer"] | None
    residual: bool
    dropout: float | Sequence[float] | Array
    input_dropout: float
    drop_path: float
    noise_std: float
    weight_noise_std: float
    label_smoothing: float
    class_weight: dict[Any, float] | Literal["balanced"] | None
    pretrained: Any
    reset_layers: int
    n_frozen_layers: int | Literal["all"]
    freeze_epochs: int | None
    pretrained_lr_mult: float
    device: str
    dtype: Literal["bfloat16", "float32", "float64"]
    engine: Literal["auto", "compiled", "torch"]
    callbacks: list[Any] | None

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] | Array | int = (100,),
        activation: Literal["identity", "logistic", "relu", "tanh"] = 'relu',
        *,
        solver: Literal["adam", "adamw", "lbfgs", "sgd"] = 'adam',
        alpha: float | Sequence[float] | Array = 0.0001,
        batch_size: Literal["auto"] | int = 'auto',
        learning_rate: Literal["adaptive", "constant", "cosine", "invscaling"] = 'constant',
        learning_rate_init: float = 0.001,
        n_snapshots: int = 1,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Seed = None,
        tol: float = 0.0001,
        verbose: int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool | Literal["refit"] = False,
        validation_fraction: Any = 0.1,
        scoring: str | Callable[..., Any] = 'loss',
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-08,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        max_time: float | None = None,
        averaging: Literal["ema", "swa"] | None = None,
        averaging_decay: float = 0.99,
        averaging_start: float = 0.75,
        l1: float | Sequence[float] | Array = 0.0,
        group_lasso: float = 0.0,
        anchor_alpha: float = 0.0,
        anchor: Sequence[Any] | Array | None = None,
        penalty: Callable[..., Any] | None = None,
        max_norm: float | None = None,
        clip_grad_norm: float | None = None,
        gradient_penalty: float | Literal["auto"] = 0.0,
        gradient_penalty_rho: float | None = None,
        sam_rho: float = 0.0,
        mixup_alpha: float = 0.0,
        cutmix_alpha: float = 0.0,
        augment: Any = None,
        normalization: Literal["batch", "layer"] | None = None,
        residual: bool = False,
        dropout: float | Sequence[float] | Array = 0.0,
        input_dropout: float = 0.0,
        drop_path: float = 0.0,
        noise_std: float = 0.0,
        weight_noise_std: float = 0.0,
        label_smoothing: float = 0.0,
        class_weight: dict[Any, float] | Literal["balanced"] | None = None,
        pretrained: Any = None,
        reset_layers: int = 1,
        n_frozen_layers: int | Literal["all"] = 0,
        freeze_epochs: int | None = None,
        pretrained_lr_mult: float = 1.0,
        device: str = 'cpu',
        dtype: Literal["bfloat16", "float32", "float64"] = 'float32',
        engine: Literal["auto", "compiled", "torch"] = 'auto',
        callbacks: list[Any] | None = None,
    ) -> None: ...
