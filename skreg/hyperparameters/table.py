"""All hyperparameters, in the order in which constructors have them."""

from skreg.hyperparameters.architecture import ARCHITECTURE
from skreg.hyperparameters.augmentation import AUGMENTATION
from skreg.hyperparameters.averaging import AVERAGING
from skreg.hyperparameters.execution import EXECUTION
from skreg.hyperparameters.noise import NOISE
from skreg.hyperparameters.normalization import NORMALIZATION
from skreg.hyperparameters.penalties import ALPHA, PENALTIES
from skreg.hyperparameters.perturbation import PERTURBATION
from skreg.hyperparameters.self_supervised import SELF_SUPERVISED
from skreg.hyperparameters.target import LOSS, TARGET
from skreg.hyperparameters.training import SOLVER, TRAINING
from skreg.hyperparameters.transfer import TRANSFER

TABLE = (
    *ARCHITECTURE,
    *SELF_SUPERVISED,
    LOSS,
    SOLVER,
    ALPHA,
    *TRAINING,
    *AVERAGING,
    *PENALTIES,
    *PERTURBATION,
    *AUGMENTATION,
    *NORMALIZATION,
    *NOISE,
    *TARGET,
    *TRANSFER,
    *EXECUTION,
)
