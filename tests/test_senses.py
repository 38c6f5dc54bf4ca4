"""Senses: the table holds together, sensors are the cells of the connectome, touches become steps, and a nose in a dish feels it."""

import re

import numpy as np
import pandas as pd
import pytest

import wormsim as ws
from wormsim.body.dish import FIELDS, QUANTITIES, Dish, Field, Lawn, lower
from wormsim.body.senses import (
    ADAPTATION,
    NOT_FELT,
    SENSES,
    SIGNALS,
    Touch,
    TouchSchedule,
    adaptation_arrays,
    schedule_arrays,
    sensors,
)
from wormsim.errors import InputError, UnknownNameError
from wormsim.kernels.field import feel_fields
from wormsim.parameter import CERTAINTIES


@pytest.fixture(scope="module")
def worm():
    return ws.load_circuit("whole_hermaphrodite")


def test_every_row_has_a_known_signal_a_source_and_a_certainty():
    assert len({s.name for s in SENSES}) == len(SENSES)
    for sense in SENSES:
        assert sense.signal in SIGNALS
        assert sense.certainty in CERTAINTIES
        assert re.search(r"\b(19|20)\d\d\b|textbook", sense.source), sense.name
        assert sense.cells
    assert {s for s in SIGNALS if s not in {row.signal for row in SENSES}} == {"cold"} <= set(NOT_FELT)


@pytest.mark.parametrize("name", ["whole_hermaphrodite", "whole_male"])
def test_sensors_are_all_cells_of_their_classes_and_no_others(name):
    circuit = ws.load_circuit(name)
    cell, signal, weight = sensors(circuit)
    frame = pd.DataFrame({"cell": circuit.connectome.cells.index[cell], "signal": np.array(SIGNALS)[signal]})
    found = frame.groupby("signal")["cell"].agg(set).to_dict()
    assert found["touch_front"] == {"ALML", "ALMR", "AVM"}
    assert found["touch_back"] == {"PLML", "PLMR"}
    assert found["tap"] == found["touch_front"] | found["touch_back"]
    assert found["touch_nose"] == {"ASHL", "ASHR", "FLPL", "FLPR", "OLQDL", "OLQDR", "OLQVL", "OLQVR"}
    assert (found["salt_on"], found["salt_off"]) == ({"ASEL"}, {"ASER"})
    assert found["oxygen_up"] == {"URXL", "URXR", "AQR", "PQR"}
    assert found["lawn"] == {"CEPDL", "CEPDR", "CEPVL", "CEPVR", "ADEL", "ADER", "PDEL", "PDER"}
    assert set(found) == set(SIGNALS) - {"cold"}
    assert (weight == 1).all()
    assert (circuit.connectome.cells["kind"].iloc[cell] == "neuron").all()


def test_rows_of_signals_follow_the_order_that_is_asked_for(worm):
    cell, signal, _ = sensors(worm, ("lawn", "touch_back"))
    names = worm.connectome.cells.index[cell]
    assert {n[:3] for n in names[signal == 0]} == {"CEP", "ADE", "PDE"}
    assert set(names[signal == 1]) == {"PLML", "PLMR"}


def test_a_world_that_nobody_feels_is_refused(worm):
    with pytest.raises(InputError, match="whole_hermaphrodite feels cold .*no cell is known"):
        sensors(worm, needed=["touch_front", "cold"])
    with pytest.raises(UnknownNameError, match="signal of this run 'lawn'"):
        sensors(worm, ("tap",), needed=["lawn"])
    with pytest.raises(UnknownNameError, match="closest: touch_front"):
        sensors(worm, ("touch_frnt",))
    from tiny import tiny_circuit

    tiny = tiny_circuit()
    assert [z.tolist() for z in sensors(tiny, needed=["salt_on"])] == [[0], [SIGNALS.index("salt_on")], [1.0]]
    with pytest.raises(InputError, match=r"no cell of tiny feels touch_back \(PLM\)"):
        sensors(tiny, needed=["touch_back"])


# ---------------------------------------------------------------- touches


def test_touches_become_steps_of_each_lane():
    first = TouchSchedule((("touch_front", 1.0, 1.5), Touch("tap", 0.25, 0.3, 0.5)))
    second = TouchSchedule([Touch.hair(0.2, 1.0, 1.5, 0.4), Touch.hair(0.8, 1.0, 1.5)])
    signal, start, stop, level = schedule_arrays([first, second, TouchSchedule()], 0.5)
    rows = {(SIGNALS[k], a, b): v.tolist() for k, a, b, v in zip(signal, start, stop, level, strict=True)}
    assert rows == {("touch_front", 2000, 3000): [1.0, 0.4, 0.0], ("tap", 500, 600): [0.5, 0, 0], ("touch_back", 2000, 3000): [0, 1.0, 0]}
    empty = schedule_arrays([TouchSchedule()], 1.0)
    assert [z.shape for z in empty] == [(0,), (0,), (0,), (0, 1)]
    assert schedule_arrays([first], 1.0, ("tap", "touch_front"))[0].tolist() == [0, 1]


def test_a_hair_is_front_or_back_by_the_middle_of_the_body():
    assert [Touch.hair(p, 0, 1).signal for p in (0, 0.49, 0.5, 1)] == ["touch_front"] * 2 + ["touch_back"] * 2
    with pytest.raises(InputError, match=r"place = 1\.1"):
        Touch.hair(1.1, 0, 1)


@pytest.mark.parametrize(("touches", "message"), [
    ([("touch_frnt", 0, 1)], "unknown signal 'touch_frnt'; closest: touch_front"),
    ([("tap", 0, 1), ("tap", 2, 2)], r"touch 1 \(tap\): start_s = 2 and stop_s = 2"),
    ([("tap", -1, 1)], "start_s = -1"),
    ([("tap", 0, np.inf)], "stop_s = inf"),
    ([("tap", 0, 1, 1.5)], r"level = 1\.5"),
    ([("tap", 0, 1, np.nan)], "level = nan"),
    ([("tap", 0, 1), ("touch_nose", 0, 2), ("tap", 0.9, 2)], r"touch 2 \(tap, 0.9 to 2 s\) overlaps another of the same signal \(0 to 1 s\)"),
])
def test_bad_touches(touches, message):
    with pytest.raises(InputError, match=message):
        TouchSchedule(touches)


def test_touches_that_meet_do_not_overlap():
    assert len(TouchSchedule([("tap", 1, 2), ("tap", 0, 1)]).touches) == 2


def test_a_touch_needs_a_step_and_a_row():
    with pytest.raises(InputError, match="shorter than a step of 10 ms"):
        schedule_arrays([TouchSchedule([("tap", 0, 0.002)])], 10.0)
    with pytest.raises(UnknownNameError, match="signal of this run 'tap'"):
        schedule_arrays([TouchSchedule([("tap", 0, 1)])], 1.0, ("lawn",))


# ---------------------------------------------------------------- fields


def test_adaptation_goes_with_the_fields_of_the_dish():
    assert tuple(a.field for a in ADAPTATION) == FIELDS
    assert all(a.unit == QUANTITIES.get(a.field, ("share",))[0] for a in ADAPTATION)
    assert all(a.rise in SIGNALS and (a.fall in SIGNALS or not a.fall) for a in ADAPTATION)
    tau_s, half, on_row, off_row = adaptation_arrays(("salt_off", "warm"))
    assert (on_row == [-1, -1, 1, -1, -1]).all()
    assert (off_row == [0, -1, -1, -1, -1]).all()
    assert (tau_s >= 0).all()
    assert (half > 0).all()


def test_a_nose_that_walks_up_and_down_feels_rises_and_falls_of_its_own_dish():
    dishes = [Dish(salt=Field("linear", {"base_mM": 60, "slope_x_mM_per_mm": 1.0})),
              Dish(temperature=Field("linear", {"base_C": 20, "slope_x_C_per_mm": -0.1})),
              Dish(odour=Field("gaussian", {"height_uM": 9, "sigma_mm": 2, "x_mm": 4}),
                   oxygen=Field("cone", {"height_percent": 21, "radius_mm": 9, "x_mm": -5})),
              Dish(lawn=Lawn(1.0, x_mm=2.0))]
    arrays = lower(dishes)
    tau_s, half, on_row, off_row = adaptation_arrays()
    x, y = np.zeros(4), np.zeros(4)
    slow = arrays.at(x, y)
    dt_s, most = 0.01, np.zeros((len(SIGNALS), 4))
    for step in range(1000):  # to x = 2 mm at 0.2 mm/s
        x += 0.2 * dt_s
        signal = np.zeros((len(SIGNALS), 4), np.float32)
        feel_fields(arrays.kind, arrays.parameters, x, y, slow, dt_s, tau_s, half, on_row, off_row, signal)
        if step == 0:
            assert signal.max() < 0.01, "it is used to where it starts"
        most = np.maximum(most, signal)
    felt = {(SIGNALS[k], b) for k, b in np.argwhere(most > 0.05)}
    assert felt == {("salt_on", 0), ("cold", 1), ("odour_on", 2), ("oxygen_down", 2), ("lawn", 3)}
    # after two time constants of a steady climb: change = rate tau (1 - e**-2), half 1 mM
    change = 0.2 * 5 * (1 - np.exp(-2))
    assert signal[SIGNALS.index("salt_on"), 0] == pytest.approx(change / (change + 1), rel=1e-2)
    assert signal[SIGNALS.index("lawn"), 3] == pytest.approx(1)

