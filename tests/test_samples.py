"""Draws are addressed by seed, number and name, and by nothing else."""

import numpy as np
import pytest

from wormsim.errors import InputError
from wormsim.parameter import Prior
from wormsim.samples import Samples

FREE = {"a_mV": Prior("uniform", 0, 1), "b_nS": Prior("loguniform", 0.1, 10)}


def test_a_sample_does_not_depend_on_what_else_is_drawn():
    many, late = Samples.draw(FREE, 50, seed=3), Samples.draw(FREE, 5, seed=3, first=20)
    assert many.values.loc[20:24].equals(late.values)
    alone = Samples.draw({"b_nS": FREE["b_nS"]}, 50, seed=3)
    assert many.values["b_nS"].equals(alone.values["b_nS"])
    names = ["AVA->VA", "AVB->VB", "RIM->RMD"]
    assert np.array_equal(many.uniforms("sign", names)[:, [2]], many.uniforms("sign", names[2:]))


def test_seeds_topics_and_numbers_differ():
    samples = Samples.draw(FREE, 200, seed=3)
    sign, strength = samples.uniforms("sign", ["AVA->VA"]).ravel(), samples.uniforms("strength", ["AVA->VA"]).ravel()
    other = Samples.draw(FREE, 200, seed=4).uniforms("sign", ["AVA->VA"]).ravel()
    for x, y in ((sign, strength), (sign, other), (sign[1:], sign[:-1])):
        assert abs(np.corrcoef(x, y)[0, 1]) < 0.2
    assert sign.min() > 0
    assert sign.max() < 1
    assert abs(sign.mean() - 0.5) < 0.1


def test_take_keeps_numbers_and_order():
    samples = Samples.draw(FREE, 10, seed=0)
    assert list(samples.take([7, 2]).values.index) == [7, 2]


def test_no_sample_is_an_error():
    with pytest.raises(InputError, match="at least one"):
        Samples.draw(FREE, 0, seed=0)
