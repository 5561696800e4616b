"""scikit-learn's own checks, with no expected failure, in every configuration of the table."""

from tests._cases import WHOLE, configured
from tests._checks import checks


@checks(configured(), WHOLE)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
