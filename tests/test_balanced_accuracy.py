"""Balanced accuracy against scikit-learn, counts by hand, and what a constant guess must score."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score
from sklearn.metrics import confusion_matrix as sk_confusion

from wormsim.errors import InputError
from wormsim.metrics.balanced_accuracy import (
    balanced_accuracy,
    bootstrap_interval,
    chance,
    confusion,
    difference_interval,
)

CLASSES = ("lost", "impaired", "normal", "enhanced")


def drawn(n, seed=0):
    rng = np.random.default_rng(seed)
    return rng.choice(CLASSES, n, p=[0.5, 0.3, 0.15, 0.05]), rng.choice(CLASSES, n)


def test_agrees_with_another_implementation():
    expected, predicted = drawn(200)
    assert balanced_accuracy(expected, predicted) == pytest.approx(balanced_accuracy_score(expected, predicted))
    weights = np.random.default_rng(1).uniform(0.1, 1, 200)
    assert balanced_accuracy(expected, predicted, weights) == pytest.approx(
        balanced_accuracy_score(expected, predicted, sample_weight=weights))
    np.testing.assert_allclose(confusion(expected, predicted, CLASSES, weights=weights),
                               sk_confusion(expected, predicted, labels=list(CLASSES), sample_weight=weights))


def test_by_hand_and_no_prediction_is_a_miss():
    expected = ["lost", "lost", "lost", "normal"]
    assert balanced_accuracy(expected, ["lost", "no prediction", "normal", "normal"]) == pytest.approx((1 / 3 + 1) / 2)
    table = confusion(expected, ["lost", "no prediction", "normal", "normal"], ["lost", "normal"], ["no prediction"])
    assert table.tolist() == [[1, 1, 1], [0, 1, 0]]


@pytest.mark.parametrize("guess", CLASSES)
def test_a_constant_guess_scores_the_floor(guess):
    expected, _ = drawn(100)
    assert balanced_accuracy(expected, [guess] * 100) == pytest.approx(chance(expected)) == 0.25


def test_weights_make_lines_of_one_row_one_row():
    assert balanced_accuracy(["a", "a", "a", "b"], ["a", "x", "a", "b"], [0.5, 0.5, 1, 1]) == pytest.approx((1.5 / 2 + 1) / 2)


def test_interval_by_enumeration():
    """Two clusters a class, of which one is hit: a draw that has both classes scores 0, 1/2 or 1 in each, with known chances."""
    expected, predicted, clusters = ["a", "a", "b", "b"], ["a", "x", "b", "x"], [0, 1, 2, 3]
    import itertools

    exact = []
    for draw in itertools.product(range(4), repeat=4):
        rows = [np.array([predicted[k] == expected[k] for k in draw if expected[k] == c]) for c in "ab"]
        if all(len(r) for r in rows):
            exact.append(np.mean([r.mean() for r in rows]))
    low, high = bootstrap_interval(expected, predicted, clusters, draws=20000, level=0.5)
    assert (low, high) == pytest.approx(tuple(np.quantile(exact, [0.25, 0.75])), abs=0.02)


def test_rows_of_a_cluster_are_one_and_so_the_interval_is_wider():
    expected = np.repeat(["a", "b"], 40)
    predicted = np.where(np.arange(80) // 4 % 2 == 0, expected, "x")
    alone = bootstrap_interval(expected, predicted, np.arange(80))
    together = bootstrap_interval(expected, predicted, np.arange(80) // 4)
    assert together[1] - together[0] > 1.5 * (alone[1] - alone[0])


def test_a_class_in_one_cluster_may_be_anything():
    """Of two classes the first is always right in every draw, the second rests on one cluster."""
    expected, clusters = ["a", "a", "b", "b"], [0, 1, 2, 2]
    assert bootstrap_interval(expected, ["a", "a", "b", "b"], clusters) == (0.5, 1.0)
    assert bootstrap_interval(expected, ["x", "x", "b", "b"], clusters) == (0.0, 0.5)
    assert bootstrap_interval(["a", "b"], ["a", "b"], [0, 1]) == (0.0, 1.0)
    assert difference_interval(expected, expected, [expected], clusters) == (0.0, -0.5, 0.5)


def test_difference_is_paired():
    expected, predicted = drawn(100)
    value, low, high = difference_interval(expected, predicted, [predicted], np.arange(100))
    assert (value, low, high) == (0, 0, 0)
    value, low, high = difference_interval(expected, expected, [["normal"] * 100], np.arange(100))
    assert value == pytest.approx(0.75)
    assert low == pytest.approx(0.75)
    value, low, high = difference_interval(expected, expected, [expected, ["normal"] * 100], np.arange(100))
    assert (value, low, high) == pytest.approx((0.375, 0, 0.75))  # half of the draws take the one, half the other


def test_bad_input():
    with pytest.raises(InputError, match="0 expected"):
        balanced_accuracy([], [])
    with pytest.raises(InputError, match="2 expected, 1 predicted"):
        balanced_accuracy(["a", "b"], ["a"])
    with pytest.raises(InputError, match="weight"):
        balanced_accuracy(["a", "b"], ["a", "b"], [1, 0])
    with pytest.raises(InputError, match="cluster numbers"):
        bootstrap_interval(["a", "b"], ["a", "b"], [0])
    with pytest.raises(InputError, match="'worse'"):
        confusion(["a"], ["worse"], ["a"])
