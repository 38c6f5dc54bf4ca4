"""The ethogram of males whose path is prescribed: along a mate of even thickness, round her end, past it, to her vulva."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from wormsim import mating_ethogram
from wormsim.assays import mating
from wormsim.body.male_tail import CLOACA, PROTRACTORS, RETRACTORS
from wormsim.errors import InputError
from wormsim.mating_contact import meeting
from wormsim.mating_ethogram import MEASURES, STATES, TAIL_MM, ethogram
from wormsim.plotting import mating_strip

# She lies along x from her nose at 0 to her tail's end at 1; his ventral side is to the right of where his tail goes.
R_HERS, R_HIS, GAP = 0.03, 0.01, 0.001
AWAY = R_HERS + R_HIS + GAP
DT, SPEED = 0.1, 0.1
SEGMENT = 0.88 / 48
HERS = np.stack([np.linspace(0, 1, 49), np.zeros(49)], axis=1)


def line(*points, step=0.002):
    """Points of a polyline every 2 um."""
    out = [np.array(points[0], float)[None]]
    for a, b in pairwise(points):
        n = max(1, round(np.hypot(*np.subtract(b, a)) / step))
        out.append(np.array(a) + np.linspace(0, 1, n + 1)[1:, None] * np.subtract(b, a))
    return np.concatenate(out)


def arc(centre, radius, start, stop):
    angle = np.linspace(start, stop, round(abs(stop - start) * radius / 0.002))
    return np.array(centre) + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


TO_TAIL = line((-1.2, AWAY), (1.0, AWAY))  # along her flank, towards her tail's end
ROUND = np.concatenate([TO_TAIL, arc((1.0, 0.0), AWAY, np.pi / 2, -np.pi / 2), line((1.0, -AWAY), (-2.0, -AWAY))])
WIDE = np.concatenate([TO_TAIL, line((1.0, AWAY), (1.0, 0.12)), arc((1.0, 0.0), 0.12, np.pi / 2, -np.pi / 2), line((1.0, -0.12), (0.8, -AWAY)),
                       line((0.8, -AWAY), (-2.0, -AWAY))])
STRAIGHT_ON = line((-1.2, AWAY), (4.0, AWAY))


def male(path, tip_mm):
    """Nodes (T, 49, 2) of a male whose tail's tip is at path lengths `tip_mm` (T,), the rest of him where it has been."""
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    at = np.asarray(tip_mm)[:, None] - SEGMENT * np.arange(48, -1, -1)
    return np.stack([np.interp(at, length, path[:, k]) for k in range(2)], axis=2)


def tips(*legs):
    """Path length of the tip: starts at a place, then (velocity, seconds) each; towards the tail is positive."""
    out = [legs[0]]
    for velocity, seconds in legs[1:]:
        out += list(out[-1] + velocity * DT * np.arange(1, round(seconds / DT) + 1))
    return np.array(out)


def recording(*males, protraction=None, mate=HERS, **coords):
    """A behaviour Dataset of males of equal duration."""
    places = np.stack(males)
    v, t = places.shape[:2]
    hers = np.broadcast_to(mate, (v, t, 49, 2))
    his, her = ("variant", "time", "node"), ("variant", "time", "mate_node")
    data = {"x_mm": (his, places[..., 0].astype(np.float32)), "y_mm": (his, places[..., 1].astype(np.float32)),
            "mate_x_mm": (her, hers[..., 0]), "mate_y_mm": (her, hers[..., 1]),
            "radius_mm": ("node", np.full(49, R_HIS)), "mate_radius_mm": ("mate_node", np.full(49, R_HERS))}
    if protraction is not None:
        activation = np.zeros((v, t, 8))
        activation[..., :4] = np.asarray(protraction)[..., None]
        data["activation"] = (("variant", "time", "muscle"), activation)
        coords["muscle"] = [*PROTRACTORS, *RETRACTORS]
    return xr.Dataset(data, {"variant": np.arange(v), "time_s": ("time", DT * np.arange(t)), **coords})


def values(found, variant=0):
    table = found.measures
    return dict(table[table["variant"] == variant][["measure", "value"]].to_numpy())


def outcomes(found, event):
    return found.events.loc[found.events["event"] == event, "outcome"].tolist()


# the tip starts 0.6 along her, 1.8 along the path; 0.4 mm to her end, pi AWAY round it
BACK_ALONG = tips(1.8, (0.0, 2.0), (SPEED, 9.0))


def test_places_contact_and_speed_are_those_of_the_geometry():
    m = meeting(recording(male(TO_TAIL, tips(1.5, (0.0, 2.0), (SPEED, 4.0)))), 0)
    assert m.touching.all()
    tip = 0.3 + np.clip(m.time_s - 2.0, 0, None) * SPEED
    np.testing.assert_allclose(m.place, tip - 2 * SEGMENT, atol=1e-5)  # node 46 is the cloaca's
    np.testing.assert_allclose(m.flank, 1)
    steady = np.abs(m.time_s - 2.0) > 0.4
    np.testing.assert_allclose(m.velocity_mm_s[steady], -SPEED * (m.time_s > 2.0)[steady], atol=1e-4)
    above = np.hypot(tip - 0.045 * 0.88 - 0.5, GAP)  # from the cloaca's surface to a vulva on the flank +1, which the default is not
    on_his = meeting(recording(male(TO_TAIL, tips(1.5, (0.0, 2.0), (SPEED, 4.0))), vulva_side=("variant", [1])), 0)
    np.testing.assert_allclose(on_his.vulva_mm, above, atol=1e-5)
    np.testing.assert_allclose(m.vulva_mm, np.hypot(tip - 0.045 * 0.88 - 0.5, GAP + 2 * R_HERS), atol=1e-5)


def test_backing_along_her_and_round_her_tail_is_a_good_turn():
    found = ethogram(recording(male(ROUND, BACK_ALONG)))
    assert found.bouts["state"].tolist() == ["response", "scanning", "turning", "scanning"]
    start = found.bouts.set_index("state")["start_s"]
    assert start["turning"] == pytest.approx(2.0 + (0.3 + 2 * SEGMENT) / SPEED, abs=0.2)  # cloaca 0.1 mm before her end
    turn = found.events[found.events["event"] == "turn"].iloc[0]
    assert (turn["outcome"], turn["where"]) == ("good", "tail")
    # 0.1 mm to her end and from it; a half circle for the cloaca, measured along the path of his midline
    assert turn["stop_s"] - turn["start_s"] == pytest.approx((0.2 + np.pi * AWAY) / SPEED, abs=0.4)
    got = values(found)
    assert got["contact_response"] == got["turn_success"] == got["turns_round"] == got["turns_tried"] == 1
    assert got["scanning_speed_mm_s"] == pytest.approx(-SPEED, abs=1e-3)
    assert got["time_to_vulva_s"] == np.inf
    assert not {"insertion", "prodding", "prodding_away"} & set(got)  # no muscles were recorded


def test_who_backs_without_her_as_well_has_answered_nothing():
    """The same male beside two twins without a mate: one that goes forward, one that backs at the same time."""
    here = recording(*[male(ROUND, BACK_ALONG)] * 2)
    ahead = male(STRAIGHT_ON, tips(5.0, (-SPEED, 11.0)))
    alone = recording(ahead, male(STRAIGHT_ON, tips(5.0, (0.0, 2.0), (SPEED, 9.0))), mate=HERS + 100.0)
    found = ethogram(here, alone)
    assert outcomes(found, "contact") == ["answered", "backing anyway"]
    assert values(found, 0) == values(ethogram(here), 0)
    assert not {"contact_response", "scanning_speed_mm_s"} & set(values(found, 1))
    assert values(found, 1)["turn_success"] == 1  # the turn is what he did, whatever drove him


def test_a_twin_may_stand_for_several_meetings_and_what_was_read_is_not_read_again(monkeypatch):
    backs, ahead = male(ROUND, BACK_ALONG), male(STRAIGHT_ON, tips(5.0, (-SPEED, 11.0)))
    here = recording(*[backs] * 4)
    twins = [ahead, male(STRAIGHT_ON, tips(5.0, (0.0, 2.0), (SPEED, 9.0)))]
    few, many = (ethogram(here, recording(*twins * k, mate=HERS + 100.0)) for k in (1, 2))
    assert outcomes(few, "contact") == ["answered", "backing anyway"] * 2
    pd.testing.assert_frame_equal(few.measures, many.measures)
    read = {v: meeting(here, v) for v in range(4)}
    monkeypatch.setattr(mating_ethogram, "meeting", None)  # would fail if it were called
    pd.testing.assert_frame_equal(ethogram(here, recording(*twins, mate=HERS + 100.0), read).events, few.events)


def test_what_happened_is_counted_over_all_males_and_never_over_their_twins():
    ahead = male(STRAIGHT_ON, tips(5.0, (-SPEED, 11.0)))
    found = mating.counts(recording(male(ROUND, BACK_ALONG), male(TO_TAIL, tips(1.5, (0.0, 11.0))), ahead, ahead))
    happened = {k: n for k, n in found.items() if k[0] != "seconds"}
    assert happened == {("contact", "answered"): 1, ("contact", "unanswered"): 1, ("turn", "good"): 1}
    assert sum(n for k, n in found.items() if k[0] == "seconds") == pytest.approx(22.0, abs=0.3)
    assert found["seconds", "turning"] == pytest.approx((0.2 + np.pi * AWAY) / SPEED, abs=0.4)


def test_a_twin_who_backs_after_a_short_contact_has_ended_backs_anyway():
    """What would have come within the time for an answer counts, also where her end came first."""
    brief = male(STRAIGHT_ON, tips(2.1, (0.0, 0.5), (SPEED, 10.5)))
    ahead, later = (male(STRAIGHT_ON, tips(5.0, *legs)) for legs in (((-SPEED, 11.0),), ((-SPEED, 3.2), (SPEED, 7.8))))
    found = ethogram(recording(brief, brief), recording(ahead, later, mate=HERS + 100.0))
    contact = found.events[found.events["event"] == "contact"]
    assert contact["outcome"].tolist() == ["answered", "backing anyway"]
    assert (contact["stop_s"] < 3.0).all()


def test_a_male_whose_twin_failed_is_counted_as_failed():
    back, on = (male(STRAIGHT_ON, tips(3.0, (v, 11.0))) for v in (SPEED, -SPEED))
    failed = {k: [""] * k + ["crosses itself"] + [""] * (3 - k) for k in range(4)}
    for k in range(4):
        found = mating.counts(recording(back, back, on, on, failed=("variant", failed[k])))
        assert found["run", "failed, he or his twin"] == 1
    assert ("run", "failed, he or his twin") not in mating.counts(recording(back, back, on, on))


def test_the_same_round_her_head():
    flipped = 1 - HERS  # her nose at the right
    flipped[:, 1] = 0
    found = ethogram(recording(male(ROUND, BACK_ALONG), mate=flipped))
    turns = found.events[found.events["event"] == "turn"]
    assert turns[["outcome", "where"]].to_numpy().tolist() == [["good", "head"]]


def test_going_straight_on_past_her_end_is_a_missed_turn():
    found = ethogram(recording(male(STRAIGHT_ON, tips(1.8, (0.0, 2.0), (SPEED, 20.0)))))
    assert found.bouts["state"].tolist() == ["response", "scanning", "turning", "no contact"]
    assert outcomes(found, "turn") == ["missed"]
    assert outcomes(found, "contact") == ["answered"]
    assert values(found)["turn_success"] == values(found)["turns_round"] == 0
    assert values(found)["lost_contacts"] == 1


def test_a_wide_turn_is_sloppy():
    found = ethogram(recording(male(WIDE, tips(1.8, (0.0, 2.0), (0.15, 12.0)))))
    assert outcomes(found, "turn") == ["sloppy"]
    assert outcomes(found, "contact") == ["answered", "backing already"]
    assert values(found)["turns_tried"] == values(found)["turns_round"] == 1
    assert values(found)["turn_success"] == 0


def test_the_best_turn_is_the_one_that_is_drawn():
    """One who misses, one who turns widely, one who turns: whatever their order, and whatever the variants are called."""
    males = [male(STRAIGHT_ON, tips(1.8, (0.0, 2.0), (0.15, 12.0))), male(WIDE, tips(1.8, (0.0, 2.0), (0.15, 12.0))),
             male(ROUND, tips(1.8, (0.0, 2.0), (0.15, 12.0)))]
    for order in ([0, 1, 2], [2, 0, 1]):
        run = recording(*[males[k] for k in order]).assign_coords(variant=["a", "b", "c"])
        run["state"] = (("variant", "time"), np.array(STATES)[ethogram(run).state])
        found = mating_strip.turns(run)
        assert found["outcome"].tolist() == ["good", "sloppy", "missed", "unfinished"]  # the last: he goes on to her other end
        assert [order[v] for v in found["variant"]][:3] == [2, 1, 0]
        figure = mating_strip.turn_figures(run)["turn"]
        assert "(1 good, 1 sloppy, 1 missed, 1 unfinished)" in figure.caption
        axes = figure.draw().axes
        assert len(axes) == mating_strip.FRAMES
        assert {"turning"} <= {ax.get_title().split()[-1] for ax in axes}
    none = recording(male(ROUND, tips(1.0, (0.0, 5.0))))
    assert mating_strip.turn_figures(none.assign(state=(("variant", "time"), np.array(STATES)[ethogram(none).state]))) == {}


def standing(seconds):
    """One who goes along her, stands at her vulva for so long, and goes on."""
    to_vulva = 1.2 + 0.5 + (1 - CLOACA) * 0.88
    return male(STRAIGHT_ON, tips(to_vulva - 0.3, (SPEED, 3.0), (0.0, seconds), (SPEED, 9.0 - seconds)))


def test_the_longest_stay_at_the_vulva_is_the_one_that_is_drawn():
    """One who stands at her vulva for two seconds, one for four, one who goes by, and one with the vulva on her other flank, as she moves."""
    moving = [np.stack([np.add(HERS, (0.002 * k, 0.0)) for k in range(121)]), np.stack([HERS] * 121)]
    males = [standing(2.0), standing(4.0) + (moving[0] - moving[1])[:, :1], standing(0.0), standing(3.0)]
    for order in ([0, 1, 2, 3], [3, 2, 1, 0]):
        run = recording(*[males[k] for k in order], vulva_side=("variant", [-1 if k == 3 else 1 for k in order]))
        hers = np.stack([moving[0] if k == 1 else moving[1] for k in order])
        run = run.assign(mate_x_mm=(run["mate_x_mm"].dims, hers[..., 0])).assign_coords(variant=["a", "b", "c", "d"])
        run["state"] = (("variant", "time"), np.array(STATES)[ethogram(run).state])
        found = mating_strip.stops(run)
        assert [order[v] for v in found["variant"]] == [1, 0]
        stay = found["stop_s"] - found["start_s"]
        assert stay.iloc[0] == pytest.approx(stay.iloc[1] + 2.0, abs=3 * DT)
        figure = mating_strip.stop_figures(run)["stop"]
        assert figure.caption.startswith("A male, intact: the longest passage of the vulva with a stop in this recording, of 2, "
                                         f"{stay.iloc[0]:.1f} s, ")
        assert float(figure.caption.split(" s, ")[1].split()[0]) == pytest.approx(4.0, abs=0.5)  # the rest of the passage he comes and goes
        axes = figure.draw().axes
        assert len(axes) == mating_strip.FRAMES
        titles = [ax.get_title().split(" s  ") for ax in axes]
        assert [float(titles[k][0]) for k in (0, -1)] == pytest.approx([found["start_s"].iloc[0] - 2, found["stop_s"].iloc[0] + 2], abs=DT)
        assert sum(state == "at vulva" for _, state in titles) >= 4
        middle = 0.5 + 0.002 * round((found["start_s"].iloc[0] + found["stop_s"].iloc[0]) / 2 / DT)
        for ax, (time, _) in zip(axes, titles, strict=True):  # about the vulva in the middle of the stay, which is drawn where it is
            assert np.mean(ax.get_xlim()) == pytest.approx(middle, abs=0.003)
            assert np.mean(ax.get_ylim()) == pytest.approx(R_HERS)
            frame, him = round(float(time) / DT), males[1]
            assert _dots(ax) == {"D": pytest.approx((0.5 + 0.002 * frame, R_HERS), abs=1e-6), ".": pytest.approx(tuple(him[frame, -1]), abs=1e-6)}
            she, he = (shape.get_xy() for shape in ax.patches)  # both where they are at that time
            assert she[:, 0].min() == pytest.approx(moving[0][frame, 0, 0], abs=0.01)
            assert he[:, 0].max() == pytest.approx(him[frame, -1, 0], abs=0.02)
    assert mating_strip.stop_figures(run.isel(variant=[0, 1])) == {}


def test_a_strip_ends_where_the_recording_does_and_a_turn_is_shown_about_its_end():
    """He stands at the vulva from the first frame on; he turns round her tail, which lies at 1, until the recording ends."""
    stays = male(STRAIGHT_ON, tips(1.2 + 0.5 + (1 - CLOACA) * 0.88, (0.0, 3.0), (SPEED, 2.0)))
    run = recording(stays, vulva_side=("variant", [1]))
    run["state"] = (("variant", "time"), np.array(STATES)[ethogram(run).state])
    assert [float(mating_strip.stop_figures(run)["stop"].draw().axes[k].get_title().split()[0]) for k in (0, -1)] == pytest.approx([0.0, 5.0], abs=DT)
    run = recording(male(ROUND, tips(1.8, (0.0, 2.0), (0.15, 5.0))))
    run["state"] = (("variant", "time"), np.array(STATES)[ethogram(run).state])
    axes = mating_strip.turn_figures(run)["turn"].draw().axes
    assert float(axes[-1].get_title().split()[0]) == pytest.approx(7.0, abs=DT)
    assert all((np.mean(ax.get_xlim()), np.mean(ax.get_ylim())) == pytest.approx((1.0, 0.0)) for ax in axes)


def _dots(ax):
    """Single points of a drawing, by their marker."""
    return {line.get_marker(): (*line.get_xdata(), *line.get_ydata()) for line in ax.lines if len(line.get_xdata()) == 1}


def test_a_turn_of_the_first_animal_and_a_stop_of_any():
    """Two animals; without the coordinate that says whose a meeting is, a turn of all meetings."""
    turning, stopping = male(ROUND, tips(1.8, (0.0, 2.0), (0.15, 10.0))), standing(3.0)
    run = recording(turning, stopping, stopping, turning).assign_coords(vulva_side=("variant", [1] * 4), animal=("variant", [7, 9, 9, 9]))
    run["state"] = (("variant", "time"), np.array(STATES)[ethogram(run).state])
    made = mating_strip.mating_figures(run)
    assert made["turn"].caption.startswith("Male 7, intact: the best of the turns in 1 meetings")
    assert made["stop"].caption.startswith("Male 9, intact: the longest passage of the vulva with a stop in this recording, of 2, ")
    made = mating_strip.mating_figures(run.drop_vars("animal"))
    assert made["turn"].caption.startswith("A male, intact: the best of the turns in 4 meetings")
    assert made["stop"].caption.startswith("A male, intact: the longest passage of the vulva with a stop in this recording, of 2, ")
    assert set(mating_strip.mating_figures(run.isel(variant=[0, 3]))) == {"turn"}  # nobody stops
    assert mating_strip.mating_figures(run.drop_vars("mate_x_mm")) == {}


def test_giving_up_before_her_end_is_no_try_staying_there_is_a_stall_and_an_end_of_the_recording_is_neither():
    returned = tips(1.8, (0.0, 2.0), (SPEED, 3.8), (-SPEED, 5.0), (0.0, 10.2))
    stalled = tips(1.8, (0.0, 2.0), (SPEED, 4.0), (0.0, 15.0))
    assert len(returned) == len(stalled) == 211
    found = ethogram(recording(male(ROUND, returned), male(ROUND, stalled)))
    assert outcomes(found, "turn") == ["returned", "stalled"]
    assert "turn_success" not in values(found, 0)
    assert values(found, 1)["turn_success"] == 0
    assert outcomes(ethogram(recording(male(ROUND, tips(1.8, (SPEED, 4.5))))), "turn") == ["unfinished"]


def test_a_contact_without_backing_is_not_answered_and_a_short_one_at_the_end_is_unfinished():
    still = male(TO_TAIL, tips(1.5, (0.0, 8.0)))
    crawling_on = male(TO_TAIL, tips(2.0, (-SPEED, 8.0)))
    late = male(TO_TAIL, tips(1.5, (0.0, 2.0)))
    found = ethogram(recording(still, crawling_on))
    assert outcomes(found, "contact") == ["unanswered", "unanswered"]
    assert values(found)["contact_response"] == 0
    assert values(found, 1)["scanning_speed_mm_s"] == 0
    assert set(found.bouts["state"]) <= {"contact", "no contact", "lost"}
    assert outcomes(ethogram(recording(late)), "contact") == ["unfinished"]


def test_his_dorsal_side_on_her_is_no_contact():
    upside = male(TO_TAIL * [1, -1], BACK_ALONG[:60])  # below her, tail to the right: his ventral side is away from her
    found = ethogram(recording(upside))
    assert set(found.bouts["state"]) == {"no contact"}
    assert values(found) == {}


# the cloaca reaches the vulva at x = 0.5 when the tip is 0.045 of his length beyond it
AT_VULVA = 1.7 + 0.045 * 0.88


def vulva_male(*legs):
    return male(TO_TAIL, tips(AT_VULVA - 0.2, (0.0, 1.0), (SPEED, 2.0), *legs))


ON_HIS_SIDE = {"vulva_side": ("variant", [1])}


def test_a_stop_at_the_vulva_with_prodding_and_insertion():
    nodes = vulva_male((0.0, 8.0))
    out = np.zeros(len(nodes))
    out[40:70] = 0.4 + 0.1 * np.sin(np.arange(30))  # prods
    out[80:] = 0.9
    found = ethogram(recording(nodes, protraction=out[None], **ON_HIS_SIDE))
    assert found.bouts["state"].tolist() == ["response", "scanning", "at vulva", "prodding", "at vulva", "insertion"]
    got = values(found)
    assert got["vulva_stop"] == got["stops_at_vulva"] == got["insertion"] == 1
    assert got["prodding"] == pytest.approx(out[25:].mean(), abs=0.02)
    assert got["prodding_away"] == 0
    assert got["time_to_vulva_s"] == pytest.approx(1.0 + (0.2 - TAIL_MM) / SPEED, abs=0.2)


def test_passing_the_vulva_is_no_stop_and_she_has_none_on_the_other_flank():
    nodes = vulva_male((SPEED, 2.0))
    passed = ethogram(recording(nodes, protraction=np.full((1, len(nodes)), 0.5), **ON_HIS_SIDE))
    assert outcomes(passed, "passage of the vulva") == ["passed"]
    got = values(passed)
    assert got["vulva_stop"] == got["stops_at_vulva"] == got["insertion"] == 0
    assert "prodding" not in got
    assert got["prodding_away"] == pytest.approx(0.5)
    other = ethogram(recording(vulva_male((0.0, 3.0)), vulva_side=("variant", [-1])))
    assert outcomes(other, "passage of the vulva") == []
    assert "vulva_stop" not in values(other)


def test_small_and_large_losses_of_the_vulva():
    small = vulva_male((0.0, 3.0), (SPEED, 0.8), (0.0, 1.0), (-SPEED, 0.8), (0.0, 2.0), (0.0, 2.0))
    large = vulva_male((0.0, 3.0), (SPEED, 1.5), (-SPEED, 1.5), (0.0, 2.0), (0.0, 1.6))
    found = ethogram(recording(small, large, vulva_side=("variant", [1, 1])))
    assert outcomes(found, "vulva loss") == ["small", "large"]
    assert values(found)["small_vulva_losses"] == 1
    assert values(found, 1)["small_vulva_losses"] == 0
    assert values(found, 1)["stops_at_vulva"] == 2


def test_speed_is_relative_to_a_mate_that_crawls():
    """She goes nose first at 0.05 mm/s and takes him along: he stands on her. Then she stands and he backs."""
    shift = -0.05 * DT * np.arange(81)[:, None, None] * np.array([1.0, 0.0])
    nodes = male(TO_TAIL, tips(1.5, (0.0, 8.0))) + shift
    m = meeting(recording(nodes, mate=HERS + shift), 0)
    assert m.touching.all()
    np.testing.assert_allclose(m.velocity_mm_s, 0, atol=1e-4)
    np.testing.assert_allclose(m.place, m.place[0], atol=1e-5)


def test_a_failed_animal_has_no_number():
    good, bad = male(ROUND, BACK_ALONG), male(ROUND, BACK_ALONG)
    bad[50:] = np.nan
    found = ethogram(recording(good, bad, good, failed=("variant", ["", "", "self-intersection at 3 s"])))
    assert found.failed.tolist() == [False, True, True]
    assert set(found.measures["variant"]) == {0}
    assert (found.state[1:] == STATES.index("failed")).all()
    assert found.measures["value"].notna().all()
    assert set(found.measures["measure"]) <= set(MEASURES)


def test_a_recording_that_the_rules_cannot_read_is_refused():
    whole = recording(male(ROUND, BACK_ALONG))
    with pytest.raises(InputError, match="no mate_x_mm"):
        ethogram(whole.drop_vars("mate_x_mm"))
    with pytest.raises(InputError, match=r"1 s apart"):
        ethogram(whole.isel(time=slice(None, None, 10)))
    with pytest.raises(InputError, match="too few"):
        ethogram(whole.isel(time=slice(2)))
    muscles = recording(male(ROUND, BACK_ALONG), protraction=np.zeros((1, len(BACK_ALONG))))
    with pytest.raises(InputError, match="without dspL"):
        ethogram(muscles.isel(muscle=slice(1, None)))
