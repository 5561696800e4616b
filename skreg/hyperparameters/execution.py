"""Where and in what a fit runs."""

from skreg.hyperparameters.declaration import Hyperparameter, one_of

EXECUTION = [
    Hyperparameter(
        "device",
        default="cpu",
        constraints=[str],
        type="str",
        doc='Where to train, a name that torch knows: "cpu", "cuda", "cuda:1"...',
    ),
    Hyperparameter(
        "dtype",
        default="float32",
        constraints=[one_of("float32", "float64", "bfloat16")],
        type='{"float32", "float64", "bfloat16"}',
        doc="""
        Compute dtype, and that of the fitted weights and of probabilities. "bfloat16" is for
        training's products alone, as torch's autocast has it: weights, sums and predictions are
        float32. It needs the torch engine, and pays on a GPU and on processors with bfloat16
        instructions.
        """,
    ),
    Hyperparameter(
        "engine",
        default="auto",
        constraints=[one_of("auto", "compiled", "torch")],
        type='{"auto", "compiled", "torch"}',
        doc="""
        What runs the epochs: compiled kernels (on the CPU) or torch. "auto" is compiled wherever it
        serves. Both give the same net.
        """,
        elsewhere="torch",
        not_of=("conv", "module"),
    ),
    Hyperparameter(
        "callbacks",
        default=None,
        constraints=[list, None],
        type="list of skorch callbacks",
        doc="""
        Called by the skorch net as it trains; a KeyboardInterrupt that one raises stops training.
        """,
    ),
]
