"""What a saved model must have in common with the one that was saved."""

from numpy.testing import assert_array_equal

from tests._models import answers


def assert_same_params(one, other):
    ours, theirs = one.get_params(), other.get_params()
    assert {k: (type(v), repr(v)) for k, v in ours.items()} == {
        k: (type(v), repr(v)) for k, v in theirs.items()
    }


def assert_same_answers(one, other, X):
    ours, theirs = answers(one, X), answers(other, X)
    assert ours.keys() == theirs.keys() != set()
    for method, answer in ours.items():
        assert_array_equal(answer, theirs[method])
