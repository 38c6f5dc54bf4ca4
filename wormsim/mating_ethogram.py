"""What a male with a mate does at every time: one file of rules, each with its source.

===========  ==========================================================================================================
state        rule (an upper row wins over a lower one)
===========  ==========================================================================================================
failed       the animal failed; nothing else is said of it
insertion    at the vulva, spicules out by INSERTED or more for INSERTED_S or more
prodding     at the vulva, spicules out by PRODDING or more
at vulva     at the vulva and slow for STOP_S or more
turning      from within END_MM of her end, in contact and backing towards it, until the turn is over (below)
scanning     in contact and backing
response     in contact, and not backing yet, within RESPONSE_S of a contact after which he does start to back
contact      his tail touches her (:mod:`wormsim.mating_contact`), interrupted for less than GRACE_S
lost         no contact, up to LOST_S after one
no contact   none of these
===========  ==========================================================================================================

The sequence - response, scanning, turning, location of the vulva, insertion - is that of Liu KS & Sternberg PW 1995 Neuron 14:79. A
turn is good where the tail stays on the mate round her head or tail, else missed or wide (sloppy) (definition: high): *good*, he
comes out of the end's zone on the other flank without a loss of contact; *sloppy*, he does after one; *missed*, he loses her and
does not come back on the other flank within TURN_S; *stalled*, he is still at her end after TURN_S; *returned*, he leaves the
zone on the flank he came by (no try: he gave it up before her end). *unfinished*: the recording ended.

A male who backs whatever touches him has answered nothing. So he is held to his twin, the same male under the same noise without a mate, where
there is one: a contact is answered only if the twin does not back within RESPONSE_S of the same moment (else he was *backing anyway*), and
the speed of scanning is taken where the twin does not back. After a first contact the two go different ways: then the twin says how often
he backs by himself, no more.

At the vulva: the cloaca, on the surface of his ventral side, within TAIL_MM of the vulva on hers. A vulva lost after a stop is *small* if he
stays within two lengths of his tail tip until he is back: 98 % of losses are (Molina-Garcia L et al 2020 eLife 9:e48361, high).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from .mating_contact import Meeting, checked, meeting
from .metrics.gait import signed_velocity_mm_s

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: States by code: `states` gives places in this tuple.
STATES = ("failed", "no contact", "lost", "contact", "response", "scanning", "turning", "at vulva", "prodding", "insertion")

#: Slower than so many body lengths a second, either way, is a pause: Yemini E et al 2013 Nat Methods 10:877 (high). What is faster
#: towards the tail is backing; their limit for motion, twice as fast, would leave out the slow half of scanning (0.05-0.15 mm/s, low).
PAUSED_PER_S = 0.025
#: ... for at least so long (Yemini et al. 2013, high).
LEAST_S = 0.5
#: Contact lost for less is not lost (chosen here, no measurement).
GRACE_S = 0.5
#: A contact is answered if he starts to back within this (chosen here, no measurement).
RESPONSE_S = 5.0
#: Still called lost so long after contact (chosen here, no measurement).
LOST_S = 5.0
#: Length of his tail tip, mm (chosen here, no measurement; the fan of assays/mating_turn.py is some 0.045 mm).
TAIL_MM = 0.05
#: A turn begins within this of her end (two tail tips; chosen here).
END_MM = 0.1
#: A turn takes 2-5 s (low); within the zone he also scans 0.1 mm to her end and 0.1 mm from it, at 0.05 mm/s 4 s (chosen here).
TURN_S = 15.0
#: Contact lost for so long in a turn is a missed one (chosen here, no measurement).
MISSED_S = 5.0
#: Shortest stop at the vulva (chosen here, no measurement).
STOP_S = 1.0
#: Spicules out (protractors less retractors, 0..1) from where he is said to prod, to have inserted, and for how long (chosen here, no
#: measurement; a real insertion lasts 94 s: LeBoeuf B et al 2014 eLife 3:e02938, high).
PRODDING, INSERTED, INSERTED_S = 0.3, 0.7, 1.0

EVENT_COLUMNS = ("variant", "event", "start_s", "stop_s", "outcome", "where")
TRIED = ("good", "sloppy", "missed", "stalled")
#: What a measure is a share of: its event, the outcomes that count, and those of which they are a share.
SHARES = {
    "contact_response": ("contact", ("answered",), ("answered", "unanswered")),
    "turns_round": ("turn", ("good", "sloppy"), TRIED),
    "turn_success": ("turn", ("good",), TRIED),
    "vulva_stop": ("passage of the vulva", ("stopped",), ("stopped", "passed")),
    "small_vulva_losses": ("vulva loss", ("small",), ("small", "large")),
}

#: What `measures` may hold. A measure is left out, never not-a-number, where an animal gave no occasion for it.
MEASURES = {
    "contact_response": "share of contacts, made while neither he nor his twin backs, that he answers by backing",
    "scanning_speed_mm_s": "median signed velocity while scanning and his twin does not back, positive towards the head: negative; 0 where he "
                           "never backed along her, absent where his twin backed whenever he did",
    "turns_tried": "turns that were good, sloppy, missed or stalled",
    "turns_round": "share of them that came round her end, good or sloppy",
    "turn_success": "share of them that were good",
    "vulva_stop": "share of his passages of the vulva at which he stops",
    "stops_at_vulva": "number of stops",
    "time_to_vulva_s": "from first contact to first stop; infinite where he had contact and never stopped",
    "prodding": "mean protraction of the spicules over the stops at the vulva, 0..1",
    "insertion": "1 if he inserted, else 0",
    "prodding_away": "mean protraction in contact and away from the vulva by two tail tips, 0..1",
    "lost_contacts": "contacts that ended",
    "small_vulva_losses": "share of vulva losses after a stop that were small",
}


@dataclass(frozen=True, eq=False)
class Ethogram:
    """What V males did.

    Attributes
    ----------
    state : (V, T) int8 array
        Places in STATES.
    bouts : DataFrame
        ``variant, state, start_s, stop_s``: stretches of one state.
    events : DataFrame
        EVENT_COLUMNS: contacts (answered, unanswered, backing already, backing anyway, unfinished), turns (outcomes above; `where`: head,
        tail), passages of the vulva (stopped, passed, unfinished), vulva losses (small, large, unfinished).
    measures : DataFrame
        ``variant, measure, value``; see MEASURES. None of a failed animal.
    failed : (V,) bool array
    """

    state: np.ndarray
    bouts: pd.DataFrame
    events: pd.DataFrame
    measures: pd.DataFrame
    failed: np.ndarray


def ethogram(behaviour: xr.Dataset, alone: xr.Dataset | None = None, read: Mapping[int, Meeting] | None = None) -> Ethogram:
    """Apply the rules to every variant of a recording.

    Parameters
    ----------
    behaviour : Dataset
        As :func:`wormsim.mating_contact.meeting` takes it.
    alone : Dataset, optional
        Twins: the same males at the same times and under the same noise, each with his mate out of reach. Without them, or
        where one failed, nobody is said to back anyway. Fewer than there are variants are taken again and again: variant v has twin ``v % len``.
    read : mapping, optional
        What :func:`wormsim.mating_contact.meeting` said of variants already, by number.

    Raises
    ------
    InputError
        A recording without a mate, or with frames too few or too far apart.
    """
    import pandas as pd

    failed = checked(behaviour)
    anyway = np.zeros((1, len(behaviour["time_s"])), bool) if alone is None else backing_alone(alone)
    times = behaviour["time_s"].to_numpy().astype(float)
    labels = behaviour["variant"].to_numpy() if "variant" in behaviour.coords else np.arange(len(failed))
    state = np.zeros((len(failed), len(times)), np.int8)
    bouts, events, measures = [], [], []
    for v, bad in enumerate(failed):
        if not bad:
            m = read[v] if read and v in read else meeting(behaviour, v)
            by_himself = anyway[v % len(anyway)]
            state[v], found = rules(m, by_himself)
            events += [(labels[v], name, times[a], times[min(b, len(times) - 1)], outcome, where) for name, a, b, outcome, where in found]
            measures += [(labels[v], name, value) for name, value in measured(m, state[v], found, by_himself).items()]
        edges = [0, *(np.flatnonzero(np.diff(state[v])) + 1), len(times)]
        bouts += [(labels[v], STATES[state[v, a]], times[a], times[min(b, len(times) - 1)]) for a, b in pairwise(edges)]
    return Ethogram(state, pd.DataFrame(bouts, columns=["variant", "state", "start_s", "stop_s"]),
                    pd.DataFrame(events, columns=list(EVENT_COLUMNS)), pd.DataFrame(measures, columns=["variant", "measure", "value"]), failed)


#: An event: name, first frame, frame after the last, outcome, where.
Event = tuple[str, int, int, str, str]


def runs(flag: np.ndarray) -> list[tuple[int, int]]:
    """Stretches of true: first frame, and the frame after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(flag, int), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _bridged(flag: np.ndarray, frames: int) -> np.ndarray:
    """`flag` with false stretches of fewer than `frames` between true ones filled."""
    out = flag.copy()
    for a, b in runs(~flag):
        if a > 0 and b < len(flag) and b - a < frames:
            out[a:b] = True
    return out


def _lasting(flag: np.ndarray, frames: int) -> np.ndarray:
    """`flag` without true stretches of fewer than `frames`."""
    out = flag.copy()
    for a, b in runs(flag):
        if b - a < frames:
            out[a:b] = False
    return out


@dataclass(frozen=True, eq=False)
class _Flags:
    """What the rules ask of every frame, (T,) bool each."""

    held: np.ndarray
    backing: np.ndarray
    at: np.ndarray
    stop: np.ndarray


def backing_alone(alone: xr.Dataset) -> np.ndarray:
    """Where males without a mate back, (V, T) bool, by the rule for those with one."""
    x, y = (alone[name].transpose("variant", "time", "node").to_numpy().astype(float) for name in ("x_mm", "y_mm"))
    dt_s = float(alone["time_s"][1] - alone["time_s"][0])
    length_mm = np.hypot(np.diff(x), np.diff(y)).sum(axis=-1)
    back = signed_velocity_mm_s(x, y, dt_s) < -PAUSED_PER_S * length_mm
    return np.array([_lasting(flag, max(1, round(LEAST_S / dt_s))) for flag in back])


def _flags(m: Meeting) -> _Flags:
    paused = PAUSED_PER_S * m.length_mm
    held = _bridged(m.touching, _frames(GRACE_S, m))
    at = _bridged(held & (m.vulva_mm <= TAIL_MM), _frames(GRACE_S, m))
    return _Flags(held, _lasting(m.velocity_mm_s < -paused, _frames(LEAST_S, m)), at,
                  _lasting(at & (np.abs(m.velocity_mm_s) <= paused), _frames(STOP_S, m)))


def _frames(seconds: float, m: Meeting) -> int:
    return max(1, round(seconds / m.dt_s))


def rules(m: Meeting, anyway: np.ndarray) -> tuple[np.ndarray, list[Event]]:
    """State at every frame of one male, (T,) int8, and his events; `anyway`, (T,) bool, is where his twin backs."""
    f = _flags(m)
    code = {name: k for k, name in enumerate(STATES)}
    state = np.full(len(m.time_s), code["no contact"], np.int8)
    contacts, turns = _contacts(f, m, anyway), _turns(f, m)
    for _, a, b, outcome, _ in contacts:
        state[b : b + _frames(LOST_S, m)] = code["lost"]
        state[a:b] = code["contact"]
        if outcome == "answered":
            state[a : a + int(f.backing[a:].argmax())] = code["response"]
    state[f.held & f.backing] = code["scanning"]
    for _, a, b, outcome, _ in turns:
        if outcome != "returned":
            state[a:b] = code["turning"]
    state[f.stop] = code["at vulva"]
    if m.protraction is not None:
        state[f.at & (m.protraction >= PRODDING)] = code["prodding"]
        state[_inserted(f, m)] = code["insertion"]
    return state, [*contacts, *turns, *_passages(f, m)]


def _inserted(f: _Flags, m: Meeting) -> np.ndarray:
    return _lasting(f.at & (m.protraction >= INSERTED), _frames(INSERTED_S, m))


def _contacts(f: _Flags, m: Meeting, anyway: np.ndarray) -> list[Event]:
    within = _frames(RESPONSE_S, m)
    out = []
    for a, b in runs(f.held):
        if a > 0 and f.backing[a - 1]:
            outcome = "backing already"
        elif b == len(f.held) < a + within:
            # whether he backs in the time that was recorded: else only those that are answered would count
            outcome = "unfinished"
        elif f.backing[a : min(b, a + within)].any():
            outcome = "backing anyway" if anyway[a : a + within].any() else "answered"
        else:
            outcome = "unanswered"
        out.append(("contact", a, b, outcome, ""))
    return out


def _turns(f: _Flags, m: Meeting) -> list[Event]:
    """Tries to turn round her ends."""
    to_end = np.minimum(m.place, 1 - m.place) * m.mate_length_mm
    nearing = np.gradient(to_end) < 0
    out, t, ready = [], 0, True
    while t < len(f.held):
        if f.held[t] and to_end[t] > END_MM:
            ready = True
        if not (ready and f.held[t] and f.backing[t] and nearing[t] and to_end[t] <= END_MM):
            t += 1
            continue
        stop, outcome = _one_turn(t, f, m, to_end)
        out.append(("turn", t, stop, outcome, "head" if m.place[t] < 0.5 else "tail"))
        t, ready = stop, False
    return out


def _one_turn(start: int, f: _Flags, m: Meeting, to_end: np.ndarray) -> tuple[int, str]:
    """Frame after the turn that begins at `start`, and how it went."""
    lost, apart = False, 0
    last = start + _frames(TURN_S, m)
    for t in range(start, len(f.held)):
        apart = 0 if f.held[t] else apart + 1
        lost |= not f.held[t]
        if apart >= _frames(MISSED_S, m):
            return t + 1, "missed"
        if f.held[t] and to_end[t] > END_MM:
            same_end = (m.place[t] < 0.5) == (m.place[start] < 0.5)
            if same_end and m.flank[t] != m.flank[start]:
                return t + 1, "sloppy" if lost else "good"
            return t + 1, "missed" if lost else "returned"
        if t >= last:
            return t + 1, "missed" if lost else "stalled"
    return len(f.held), "unfinished"


def _passages(f: _Flags, m: Meeting) -> list[Event]:
    """Passages of the vulva and, after each stop, how he lost it."""
    out: list[Event] = []
    passages = runs(f.at)
    inserted = _inserted(f, m) if m.protraction is not None else np.zeros(len(f.at), bool)
    for k, (a, b) in enumerate(passages):
        stopped = f.stop[a:b].any() or inserted[a:b].any()
        outcome = "stopped" if stopped else "unfinished" if b == len(f.at) else "passed"
        out.append(("passage of the vulva", a, b, outcome, ""))
        if stopped and b < len(f.at):
            back = passages[k + 1][0] if k + 1 < len(passages) else len(f.at)
            large = m.vulva_mm[b:back].max() >= 2 * TAIL_MM
            out.append(("vulva loss", b, back, "large" if large else "small" if back < len(f.at) else "unfinished", ""))
    return out


def pooled_share(events: pd.DataFrame, measure: str, animals: int) -> np.ndarray:
    """A measure of SHARES of all events of each animal together, (A,): of variant v it is animal ``v % A``. Not-a-number without any.

    Parameters
    ----------
    events : DataFrame
        Of an :class:`Ethogram`, variants by number.
    measure : str
    animals : int
    """
    event, good, of = SHARES[measure]
    here = events[(events["event"] == event) & events["outcome"].isin(of)]
    animal = here["variant"].to_numpy(int) % animals
    done, tried = (np.bincount(animal[flag], minlength=animals) for flag in (here["outcome"].isin(good).to_numpy(), slice(None)))
    return np.where(tried > 0, done / np.maximum(tried, 1), np.nan)


def measured(m: Meeting, state: np.ndarray, events: list[Event], anyway: np.ndarray) -> dict[str, float]:
    """The measures of one male that had occasion for them; `anyway`, (T,) bool, is where his twin backs."""
    f = _flags(m)
    contacts = [e for e in events if e[0] == "contact"]
    if not contacts:
        return {}

    def share(measure: str) -> float | None:
        event, good, of = SHARES[measure]
        counted = [outcome in good for name, _, _, outcome, _ in events if name == event and outcome in of]
        return float(np.mean(counted)) if counted else None

    scanning = state == STATES.index("scanning")
    his_own = scanning & ~anyway
    stops = [e for e in events if e[0] == "passage of the vulva" and e[3] == "stopped"]
    out = {
        **{measure: share(measure) for measure in SHARES},
        "scanning_speed_mm_s": float(np.median(m.velocity_mm_s[his_own])) if his_own.any() else None if scanning.any() else 0.0,
        "turns_tried": float(sum(e[0] == "turn" and e[3] in TRIED for e in events)),
        "stops_at_vulva": float(len(stops)),
        "time_to_vulva_s": float(m.time_s[stops[0][1]] - m.time_s[contacts[0][1]]) if stops else float("inf"),
        "lost_contacts": float(sum(stop < len(state) for _, _, stop, _, _ in contacts)),
    }
    if m.protraction is not None:
        away = f.held & (m.vulva_mm > 2 * TAIL_MM)
        out |= {
            "prodding": float(np.mean(np.concatenate([m.protraction[a:b] for _, a, b, _, _ in stops]))) if stops else None,
            "insertion": float(_inserted(f, m).any()),
            "prodding_away": float(m.protraction[away].mean()) if away.any() else None,
        }
    return {name: value for name, value in out.items() if value is not None}
