"""scikit-learn's own checks, with no expected failure, in every configuration of the table."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from tests._cases import configured


@parametrize_with_checks([estimator for _, estimator in configured()])
def test_scikit_learn_checks(estimator, check):
    check(estimator)
