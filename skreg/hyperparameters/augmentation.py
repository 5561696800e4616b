"""What happens to the rows of a batch: augmentation and mixing."""

from scipy.stats import uniform

from skreg.compat.sklearn import HasMethods
from skreg.hyperparameters.declaration import AT_LEAST_0, Hyperparameter
from skreg.hyperparameters.distributions import OffOr

AUGMENTATION = [
    Hyperparameter(
        "mixup_alpha",
        default=0.0,
        constraints=[AT_LEAST_0],
        search=OffOr(uniform(0.05, 0.45)),
        type="float",
        doc="""
        Every row of a batch is mixed with another, features and targets, in shares drawn from
        Beta(mixup_alpha, mixup_alpha) (Zhang et al. 2018); 0 is off.
        """,
        smooth=False,
        not_of=("pretrainer",),
    ),
    Hyperparameter(
        "cutmix_alpha",
        default=0.0,
        constraints=[AT_LEAST_0],
        type="float",
        doc="""
        A run of neighbouring features of every row is replaced by that of another, of a length
        drawn from Beta(cutmix_alpha, cutmix_alpha), and targets are mixed by the shares (Yun et
        al. 2019); 0 is off. With `mixup_alpha` too, each batch has one of them.
        """,
        smooth=False,
        not_of=("pretrainer",),
        instead={"conv": {"search": OffOr(uniform(0.2, 0.8))}},
    ),
    Hyperparameter(
        "augment",
        default=None,
        constraints=[HasMethods("apply"), None],
        type="object",
        doc="""
        What happens to the rows of a batch in training: of `skreg.augmentation`, or an object of
        your own with ``apply(batch, generator)``, `get_params` and `set_params`. Its parameters
        can be searched (``augment__shift``). Runs compiled where it has a compiled form.
        """,
        smooth=False,
        not_of=("pretrainer",),
    ),
]
