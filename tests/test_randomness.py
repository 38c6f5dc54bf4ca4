"""The draws of the simulator pass the table of tests that the command prints, and the tests fail where they should."""

import numpy as np
import pytest

from wormsim.kernels import random, randomness


def test_draws_are_uniform_and_independent_in_every_direction():
    rows = randomness.table()
    assert len(rows) == len({row[:2] for row in rows}) > 40
    assert {row[1] for row in rows} >= set(randomness.AXES)
    failed = [row for row in rows if not row[2] >= randomness.LEAST_P]  # chance of one, with a perfect generator: 1 in 200
    assert not failed
    assert min(row[2] for row in rows) < 0.2, "p-values that are all large would be as wrong"


@pytest.mark.parametrize(("rounds", "share"), [(2, 0.5), (5, 0.1)])
def test_a_generator_of_too_few_rounds_is_found_out(rounds, share, monkeypatch):
    monkeypatch.setattr(random, "ROUNDS", rounds)
    assert np.mean([row[2] < randomness.LEAST_P for row in randomness.table()]) > share


def test_the_command_prints_the_table(capsys):
    assert randomness.main() == 0
    shown = capsys.readouterr().out
    assert "FAILS" not in shown
    assert shown.count("spacings of birthdays") == 4
