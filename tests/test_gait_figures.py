"""Figures of gait and posture: what they show is what was measured."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from tracks import DT_S, along, crawl, track

from wormsim import ethogram
from wormsim.data import tables
from wormsim.metrics import posture
from wormsim.plotting import gait

T = np.arange(450) * DT_S
FORWARD_AND_BACK = along(0.26 * np.cumsum(np.where(T < 8, 1, -1)) * DT_S, crawl())


def spans(ax, name):
    """Start, stop, start, stop ... of one state in the strip."""
    paths = [path for collection in ax.collections if tuple(collection.get_facecolor()[0]) == to_rgba(gait.COLOURS[name])
             for path in collection.get_paths()]
    return [end for path in paths for end in (path.vertices[:, 0].min(), path.vertices[:, 0].max())]


def test_strip_and_kymograph_show_what_was_measured():
    x, y = FORWARD_AND_BACK
    figure = gait.gait_figure(x, y, DT_S, start_s=100.0)
    body, speed, strip = figure.axes[:3]
    table = ethogram.events(x, y, DT_S)
    for state in ("forward", "reversal"):
        own = table[table["state"] == state]
        assert spans(strip, state) == pytest.approx(100 + own[["start_s", "stop_s"]].to_numpy().ravel())
    drawn = body.images[0].get_array()
    assert drawn.shape == (47, 450)
    assert np.abs(drawn).max() == pytest.approx(6.0, rel=0.05)  # curvature times body length
    line = speed.lines[1]
    assert line.get_xdata()[[0, -1]] == pytest.approx([100 + DT_S / 2, 115 - DT_S / 2])
    assert line.get_ydata()[0] > 0.2 > -0.2 > line.get_ydata()[-1]
    figure.canvas.draw()


@pytest.mark.parametrize("failed_from", [0, 300])
def test_failed_animals_are_drawn(failed_from):
    x, y = (np.array(v) for v in FORWARD_AND_BACK)
    x[failed_from:], y[failed_from:] = np.nan, np.nan
    figure = gait.gait_figure(x, y, DT_S)
    figure.canvas.draw()
    assert spans(figure.axes[2], "failed") == pytest.approx([failed_from * DT_S, 15.0])


def test_posture_beside_the_recorded_worm():
    animals = {"crawl": posture.postures(*track(), DT_S), "nothing": posture.postures(np.full((50, 49), np.nan), np.full((50, 49), np.nan), DT_S)}
    figure = gait.posture_figure(animals)
    figure.canvas.draw()
    shares, peak = figure.axes[:2]
    real, ours, none = shares.containers
    level = tables.read_csv("gait_targets").set_index("quantity")["low"]
    assert [bar.get_height() for bar in real] == pytest.approx([level[f"share_a{k}"] for k in range(1, 6)])
    assert [bar.get_height() for bar in ours] == pytest.approx(animals["crawl"][0].shares)
    assert np.isnan([bar.get_height() for bar in none]).all()
    assert peak.containers[1][0].get_height() == pytest.approx(0.4, rel=0.02)
    own = gait.posture_figure(animals, real=animals["crawl"][0]).axes[0].containers[0]
    assert [bar.get_height() for bar in own] == pytest.approx(animals["crawl"][0].shares)
