"""What layers a net has."""

from skreg.blocks.activations import ACTIVATIONS
from skreg.compat.sklearn import HasMethods
from skreg.hyperparameters.declaration import FROM_1, Hyperparameter, listed, one_of

ARCHITECTURE = [
    Hyperparameter(
        "hidden_layer_sizes",
        default=(100,),
        constraints=["array-like", FROM_1],
        search=[(256,) * 3, (128,) * 3, (256,) * 2, (128,) * 2, (256,)],
        type="int or array-like of int",
        doc="Units of the hidden layers; an int is one layer, ``()`` a linear model.",
        not_of=("conv", "module"),
        instead={
            "pretrainer": {
                "doc": """
        Units of the hidden layers, at least one; an int is one layer. The last one's are the
        representation.
        """
            }
        },
    ),
    Hyperparameter(
        "module",
        default=None,
        constraints=[callable, None],
        type="callable",
        doc="""
        A class of `torch.nn.Module`, or a function that makes one; None has nothing to train. What
        it takes is given as ``module__<name>``, to the constructor, `set_params` and searches. Of
        the sizes it gets those that it has a name for: the features of a row as `n_features`,
        `in_features`, `input_size`, `input_dim` or `n_inputs`, the outputs as `n_outputs`,
        `out_features`, `output_size` or `output_dim`. Lazy modules see a batch first.
        """,
        not_of=("mlp", "conv", "pretrainer"),
    ),
    Hyperparameter(
        "input_shape",
        default=None,
        constraints=["array-like", None],
        type="tuple of int",
        doc="""
        Shape in which the net takes a row: (C, H, W) for images, (C, T) for signals. X may have it,
        ``(n_samples, *input_shape)``, or be flat, as scikit-learn's tools have it. None is that of
        X, and for flat X a signal of one channel.
        """,
        not_of=("mlp", "pretrainer"),
        instead={
            "module": {
                "doc": """
        Shape in which the module takes a row. X may have it, ``(n_samples, *input_shape)``, or be
        flat. None is that of X.
        """
            }
        },
    ),
    Hyperparameter(
        "channels",
        default=(32, 64, 128),
        constraints=["array-like", FROM_1],
        type="int or array-like of int",
        doc="""
        Channels of the blocks, each a convolution, normalisation, activation and max pooling. Their
        mean over all places goes into a linear layer.
        """,
        not_of=("mlp", "module", "pretrainer"),
    ),
    Hyperparameter(
        "kernel_size",
        default=3,
        constraints=[FROM_1],
        type="int",
        doc="Width of the convolutions in each direction, an odd number; maps keep their size.",
        not_of=("mlp", "module", "pretrainer"),
    ),
    Hyperparameter(
        "pool",
        default=2,
        constraints=[FROM_1],
        type="int",
        doc="""
        Width of the patches whose maximum goes on to the next block; 1 is no pooling. At most the
        map's own size.
        """,
        not_of=("mlp", "module", "pretrainer"),
    ),
    Hyperparameter(
        "activation",
        default="relu",
        constraints=[one_of(*ACTIVATIONS)],
        search=["tanh", "relu"],
        type=listed(ACTIVATIONS),
        doc="Activation of the hidden layers.",
        not_of=("module",),
        instead={"conv": {"doc": "Activation of the blocks.", "search": None}},
    ),
    Hyperparameter(
        "front",
        default=None,
        constraints=[HasMethods("build"), None],
        type="object",
        doc="""
        What comes first, on the batch after augmentation: an object with `get_params` and
        ``build(input_shape)``, which gives a `torch.nn.Module` without parameters to train and the
        shape of its output (`skreg.LogMel`).
        """,
        not_of=("mlp", "module", "pretrainer"),
    ),
]
