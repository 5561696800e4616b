"""The estimators and configurations that tests run over: one table for all of them."""

from skreg import ContrastivePretrainer, MaskedPretrainer, MLPClassifier, MLPRegressor
from skreg.augmentation import TabularAugment
from tests._table import bending

SHARED_CONFIGURATIONS = {
    "defaults": {},
    "noises": {
        "dropout": 0.1,
        "input_dropout": 0.05,
        "noise_std": 0.05,
        "weight_noise_std": 0.01,
        "mixup_alpha": 0.1,
    },
    "augmented": {
        "augment": TabularAugment(swap_rate=0.02, gaussian_std=0.05),
        "cutmix_alpha": 0.1,
    },
    "layer_norm": {"normalization": "layer"},
    "batch_norm": {"normalization": "batch"},
    "residual": {"residual": True, "drop_path": 0.1, "hidden_layer_sizes": (30, 30)},
    "penalties": {"l1": 1e-4, "anchor_alpha": 1e-3, "max_norm": 3.0, "clip_grad_norm": 10.0},
    "sharpness_aware": {"sam_rho": 0.02},
    "gradient_penalty": {"gradient_penalty": "auto"},
    "averaging": {"averaging": "ema"},
    "early_stopping": {"early_stopping": True, "validation_fraction": 0.2},
    "refit": {"early_stopping": "refit", "validation_fraction": 0.2},
    "lbfgs": {"solver": "lbfgs"},
    "lbfgs_early_stopping": {"solver": "lbfgs", "early_stopping": True},
    "sgd_invscaling": {
        "solver": "sgd",
        "learning_rate": "invscaling",
        "learning_rate_init": 0.05,
    },
    "sgd_cosine": {"solver": "sgd", "learning_rate": "cosine", "learning_rate_init": 0.05},
    "linear": {"hidden_layer_sizes": (), "learning_rate_init": 0.05},
    "float64_tanh": {"dtype": "float64", "activation": "tanh", "learning_rate_init": 0.01},
    "users_penalty": {"penalty": bending, "max_iter": 60},
    "torch": {"engine": "torch", "max_iter": 60},
}
QUICK = {"max_iter": 20, "n_iter_no_change": 20}
THAWED = {"n_frozen_layers": "all", "freeze_epochs": 5, "pretrained_lr_mult": 0.5}
CLASSIFIER_CONFIGURATIONS = {
    **SHARED_CONFIGURATIONS,
    "pretrained": {"pretrained": MLPClassifier(**QUICK), **THAWED, "anchor_alpha": 1e-3},
    "pretrained_on_unlabelled": {"pretrained": MaskedPretrainer(**QUICK), **THAWED},
    "smoothing_balanced": {"label_smoothing": 0.1, "class_weight": "balanced"},
}
REGRESSOR_CONFIGURATIONS = {
    **SHARED_CONFIGURATIONS,
    "pretrained": {"pretrained": MLPRegressor(**QUICK), **THAWED, "early_stopping": "refit"},
    "pretrained_on_unlabelled": {
        "pretrained": ContrastivePretrainer(**QUICK),
        "n_frozen_layers": 0,
        "pretrained_lr_mult": 0.5,
    },
    "huber_target_noise": {"loss": "huber", "target_noise_std": 0.05},
    "gaussian": {"loss": "gaussian"},
    "quantiles": {"loss": "quantile", "quantile": [0.1, 0.5, 0.9]},
    "two_layers_unscaled": {"hidden_layer_sizes": (30, 20), "scale_target": False},
}
MASKED_CONFIGURATIONS = {
    "defaults": {"max_iter": 40},
    "mask_head": {"max_iter": 40, "mask_loss_weight": 1.0, "reconstruct": "corrupted"},
    "zero_early_stopping": {
        "max_iter": 40,
        "corruption": "zero",
        "early_stopping": True,
        "validation_fraction": 0.3,
    },
    "gaussian_batch_norm": {"max_iter": 40, "corruption": "gaussian", "normalization": "batch"},
    "residual_torch": {
        "max_iter": 10,
        "engine": "torch",
        "residual": True,
        "hidden_layer_sizes": (8, 8),
    },
}
CONTRASTIVE_CONFIGURATIONS = {
    "defaults": {"max_iter": 20},
    "early_stopping": {"max_iter": 20, "early_stopping": True, "validation_fraction": 0.3},
    "gaussian_noises": {"max_iter": 20, "views": "gaussian", "dropout": 0.1, "noise_std": 0.1},
    "float64_torch": {"max_iter": 8, "engine": "torch", "dtype": "float64"},
}

# All of scikit-learn's checks run on these, those of the fit on the others.
WHOLE = {
    "MLPRegressor-defaults",
    "MLPRegressor-gaussian",
    "MLPRegressor-refit",
    "MLPClassifier-defaults",
    "MLPClassifier-batch_norm",
    "MLPClassifier-lbfgs_early_stopping",
    "MLPClassifier-noises",
    "MLPClassifier-pretrained_on_unlabelled",
    "MLPClassifier-smoothing_balanced",
    "MaskedPretrainer-defaults",
    "ContrastivePretrainer-defaults",
}


def configured():
    """Pairs (id, estimator) of all estimators in all their configurations."""
    tables = (
        (MLPRegressor, REGRESSOR_CONFIGURATIONS),
        (MLPClassifier, CLASSIFIER_CONFIGURATIONS),
        (MaskedPretrainer, MASKED_CONFIGURATIONS),
        (ContrastivePretrainer, CONTRASTIVE_CONFIGURATIONS),
    )
    return [
        (f"{cls.__name__}-{name}", cls(random_state=0, **parameters))
        for cls, table in tables
        for name, parameters in table.items()
    ]
