"""Verdicts of an ensemble, against cases worked out by hand."""

import numpy as np
import pytest
from scipy.stats import binom

from wormsim.effects import (
    CATEGORIES,
    ENHANCED_ABOVE,
    LEAST_INDIVIDUALS,
    MEASURES,
    Measure,
    category,
    effect,
    median_interval,
    response_left,
)
from wormsim.ensemble import LEAST_SAMPLES
from wormsim.errors import InputError, UnknownNameError

N = 20
SPEED = MEASURES["speed_mm_s"]


def test_margins():
    assert list(category([-1, 0.24, 0.25, 0.74, 0.75, 1, 1.33, 1.34, np.inf, np.nan])) == [
        "lost", "lost", "impaired", "impaired", "normal", "normal", "normal", "enhanced", "enhanced", ""]
    assert LEAST_INDIVIDUALS == LEAST_SAMPLES


@pytest.mark.parametrize(("left", "verdict"), [(0.1, "lost"), (-1.0, "lost"), (0.5, "impaired"), (1.0, "normal"), (1.5, "enhanced")])
def test_every_category_is_reached_and_shares_add_up(left, verdict):
    found = effect(np.full(N, 0.2), np.full(N, 0.2 * left), "speed_mm_s")
    assert found.verdict == found.leaning == verdict
    assert found.value == pytest.approx(max(left, 0.0))
    assert found.shares[verdict] == 1
    assert sum(found.shares.values()) == pytest.approx(1)


def test_a_reversal_that_becomes_a_speeding_up_is_lost_and_not_normal():
    """An unsigned measure would call it normal."""
    found = effect(np.full(N, -0.15), np.full(N, 0.15), "reversal_mm_s")
    assert (found.verdict, found.value) == ("lost", 0)
    assert effect(np.full(N, -0.15), np.full(N, -0.3), "reversal_mm_s").verdict == "enhanced"
    nobody = effect(np.full(N, 0.15), np.full(N, 0.15), "reversal_mm_s")
    assert nobody.reason == "0 individuals that show it when intact can be compared, 16 are needed"


def test_animals_are_paired():
    intact = np.linspace(0.1, 0.3, N)
    assert effect(intact, 0.5 * intact, SPEED).verdict == "impaired"
    assert effect(intact, 0.5 * intact[::-1], SPEED).verdict == "no prediction"


def test_a_share_is_enhanced_by_a_rise_not_by_a_ratio():
    share = MEASURES["turn_success"]
    left = response_left([0.6, 0.6, 0.8, 0.4], [0.84, 0.86, 0.0, 1.0], share)
    assert left[0] == pytest.approx(1 + (0.24 / 0.25) * (ENHANCED_ABOVE - 1))
    assert list(category(left)) == ["normal", "enhanced", "lost", ""]  # the last one does not turn when intact


def test_a_rise_of_a_negative_number_is_a_fall():
    backs = Measure(0.1, sign=-1, rise=0.2)
    np.testing.assert_allclose(response_left([-0.2, -0.2], [-0.4, -0.1], backs), [ENHANCED_ABOVE, 0.5])


def test_what_an_intact_animal_need_not_do_can_only_grow_in_those_that_do_not():
    away = MEASURES["prodding_away"]
    np.testing.assert_allclose(response_left([0, 0, 0.2, 0.2], [0, 0.1, 0.1, 0], away), [1, ENHANCED_ABOVE, 0.5, 0])
    assert effect(np.zeros(N), np.full(N, 0.3), away).verdict == "enhanced"
    found = effect(np.zeros(N), np.zeros(N), away)
    assert (found.verdict, found.reason) == ("no prediction", "0 individuals that show it when intact can be compared, 16 are needed")
    assert effect(np.full(N, 0.3), np.zeros(N), away).verdict == "lost"
    # twenty that lose it beside thirty that never did it: these say nothing of a loss
    some = np.r_[np.full(N, 0.3), np.zeros(30)]
    found = effect(some, np.zeros(50), away)
    assert (found.verdict, found.value, found.individuals, found.intact) == ("lost", 0.0, N, N)
    assert effect(some, np.r_[np.zeros(N), np.full(30, np.nan)], away).verdict == "lost"  # nor does it matter whether they fail
    many = np.r_[np.full(24, 0.3), np.zeros(60)]
    third = effect(many, np.r_[np.full(8, np.nan), np.zeros(76)], away)
    assert (third.verdict, third.failed) == ("no prediction", 8)
    assert third.reason == "8 of 24 animals failed after the manipulation"
    risen = effect(some, np.full(50, 0.5), away)
    assert (risen.verdict, risen.individuals, risen.intact) == ("enhanced", 50, N)


def test_a_time_that_never_comes_is_lost():
    time = MEASURES["time_to_vulva_s"]
    assert effect(np.full(N, 30.0), np.full(N, np.inf), time).verdict == "lost"
    assert effect(np.full(N, 30.0), np.full(N, 60.0), time).value == 0.5
    assert effect(np.full(N, 30.0), np.full(N, 15.0), time).verdict == "enhanced"
    assert effect(np.full(N, np.inf), np.full(N, 30.0), time).animals == 0  # intact males that never get there say nothing


def test_the_interval_decides():
    half = np.r_[np.full(10, 0.0), np.full(10, 0.5)] * 0.2
    assert effect(np.full(N, 0.2), half, SPEED).verdict == "impaired"  # across lost and impaired: something may be left
    found = effect(np.full(N, 0.2), np.r_[np.full(10, 0.5), np.full(10, 1.0)] * 0.2, SPEED)
    assert found.verdict == "no prediction"
    assert found.reason == "the interval spans impaired to normal"
    assert found.leaning == "normal"  # of the median, 0.75
    few = effect(np.full(15, 0.2), np.zeros(15), SPEED)
    assert (few.verdict, few.leaning) == ("no prediction", "lost")
    assert effect(np.full(15, 0.2), np.zeros(15), SPEED, least=6).verdict == "lost"


def test_animals_of_one_individual_are_one_number():
    """Forty animals of ten individuals are ten: of each the middle one of those that do it when intact."""
    label = np.repeat(np.arange(10), 4)
    left = np.tile([0.0, 0.9, 1.0, 9.0], 10)
    intact = np.full(40, 0.2)
    assert effect(intact, left * intact, SPEED).verdict == "normal"  # as if they were forty independent ones
    found = effect(intact, left * intact, SPEED, individual=label)
    assert (found.value, found.individuals, found.intact, found.animals) == (pytest.approx(0.95), 10, 10, 40)
    assert found.reason == "10 individuals that show it when intact can be compared, 16 are needed"
    intact[3::4] = 0.0  # the fourth of each does not do it
    found = effect(intact, left * intact, SPEED, individual=label, least=10)
    assert (found.value, found.verdict, found.animals) == (pytest.approx(0.9), "normal", 30)
    with pytest.raises(InputError, match="label of their individual"):
        effect(intact, intact, SPEED, individual=label[:10])


def test_failed_animals_are_counted_and_never_a_number():
    ablated = np.r_[np.full(4, np.nan), np.full(16, 0.2)]
    found = effect(np.full(N, 0.2), ablated, SPEED)
    assert (found.verdict, found.failed, found.animals) == ("normal", 4, 16)
    ablated[:6] = np.nan
    found = effect(np.full(N, 0.2), ablated, SPEED, least=6)
    assert (found.verdict, found.reason) == ("no prediction", "6 of 20 animals failed after the manipulation")
    nothing = effect([np.nan] * N, [np.nan] * N, SPEED)
    assert (nothing.verdict, nothing.leaning, nothing.animals) == ("no prediction", "no prediction", 0)
    assert np.isnan(nothing.value)
    # an animal that failed is not an animal in which nothing rose
    assert np.isnan(response_left([0.0], [np.nan], MEASURES["prodding_away"])).all()


def test_median_interval_is_that_of_the_order_statistics():
    x = np.random.default_rng(0).permutation(20.0 + np.arange(20))
    low, high = median_interval(x)
    assert (low, high) == (25, 34)  # the 6th smallest and the 6th largest of 20: the textbook table
    assert 1 - 2 * binom.cdf(5, 20, 0.5) >= 0.95 > 1 - 2 * binom.cdf(6, 20, 0.5)
    assert np.isnan(median_interval(np.arange(5.0))).all()
    assert median_interval(np.arange(6.0)) == (0, 5)


def test_median_interval_holds_its_level():
    rng = np.random.default_rng(1)
    inside = [low <= np.log(2) <= high for low, high in (median_interval(rng.exponential(size=17)) for _ in range(2000))]
    assert 0.94 < np.mean(inside) < 0.99


def test_bad_input():
    with pytest.raises(InputError, match="not paired"):
        effect([0.1, 0.2], [0.1], SPEED)
    with pytest.raises(UnknownNameError, match="speed_mm_s"):
        effect([0.1], [0.1], "sped_mm_s")


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_can_be_lost_normal_and_where_there_is_room_enhanced(name):
    m = MEASURES[name]
    assert isinstance(m, Measure)
    intact = np.full(N, m.sign * m.least * 1.2)
    assert effect(intact, intact, m).verdict == "normal"
    assert effect(intact, np.full(N, np.inf) if m.slower_is_worse else 0 * intact, m).verdict == "lost"
    more = intact + m.sign * (m.rise or m.least) * 1.01
    assert effect(intact, intact / 2 if m.slower_is_worse else more, m).verdict == "enhanced"
    assert set(CATEGORIES) == set(effect(intact, intact, m).shares)
