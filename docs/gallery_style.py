"""How the gallery's examples run."""

import warnings

OKABE_ITO = ["#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#F0E442", "#000000"]


def strict(gallery_conf, fname):
    """Before each example: warnings are errors, colours are fit for the colour-blind."""
    from cycler import cycler
    from matplotlib import pyplot as plt

    warnings.resetwarnings()
    warnings.simplefilter("error")
    plt.rcParams["axes.prop_cycle"] = cycler(color=OKABE_ITO)
