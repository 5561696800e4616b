"""What a search draws from, and what it tries first."""

from skreg.model_selection.portfolio import portfolio
from skreg.model_selection.space import search_space

__all__ = ["portfolio", "search_space"]
