"""Pretrainers: nets that learn a representation from rows without labels."""

from skreg.self_supervised.contrastive import ContrastivePretrainer
from skreg.self_supervised.masked import MaskedPretrainer

__all__ = ["ContrastivePretrainer", "MaskedPretrainer"]
