"""Mating: a male meets a hermaphrodite, answers the contact, backs along her, turns round her end, stops at the vulva, and prods.

The steps and what counts as each are those of Liu KS, Sternberg PW 1995 Neuron 14:79; the rules, with their sources and guesses, stand in
``mating_ethogram.py``. Every male meets WORLDS mates that lie still, straight ones, at places drawn by the seed: where along her, head
to head or head to tail, with her vulva on the flank that he meets or on the other one. Calibration uses fixed meetings, or others drawn
in the same way (``male_calibration.py``), never these. 45 s are enough for a male that backs at 0.05 mm/s along half of her and round her end; real
males need some 34 s to find a mate and two minutes to a first insertion (LeBoeuf B et al 2014 eLife 3:e02938, high): finding her is left
out here. What an animal has no occasion for in any of its meetings it has not done: a step that the steps before it keep from
happening counts as lost. So does answering and scanning for a male who backs in all his contacts and without her as well, though who looks on
would see him scan.
"""

import numpy as np

from ..behaviour_assay import BehaviourAssay
from ..body.mate import IN_TOUCH_MM, draw
from ..closed_loop import World, start_pose
from ..mating_contact import checked
from ..mating_ethogram import MEASURES, STATES, ethogram

WORLDS = 6
ABSENT = {"contact_response": 0.0, "scanning_speed_mm_s": 0.0, "turns_tried": 0.0, "turns_round": 0.0, "turn_success": 0.0, "vulva_stop": 0.0,
          "stops_at_vulva": 0.0, "time_to_vulva_s": np.inf, "prodding": 0.0, "insertion": 0.0, "prodding_away": 0.0, "lost_contacts": 0.0}


def world(wiring, seed):
    """The mate of number `seed`."""
    x, y = start_pose(wiring)
    return World(mate=draw(1, x, y, wiring.form, 0, first=seed, gap_mm=IN_TOUCH_MM)[0])


def measure(behaviour):
    """The measures of the ethogram, (V / 2,) each; not-a-number where a male gave no occasion for one or failed."""
    found = _beside_twins(behaviour)
    table = found.measures.pivot(index="variant", columns="measure", values="value").reindex(index=range(len(found.failed)), columns=list(MEASURES))
    return {name: table[name].to_numpy(float) for name in MEASURES}


def counts(behaviour):
    """How often each event of the ethogram ended in which way, and the seconds that were spent in each state."""
    found = _beside_twins(behaviour)
    out = {key: float(n) for key, n in found.events.groupby(["event", "outcome"]).size().items()}
    spent = (found.bouts["stop_s"] - found.bouts["start_s"]).groupby(found.bouts["state"]).sum()
    if lost := int(checked(behaviour).sum()):
        out["run", "failed, he or his twin"] = float(lost)
    return out | {("seconds", state): float(spent.get(state, 0.0)) for state in STATES}


def _beside_twins(behaviour):
    half = behaviour.sizes["variant"] // 2
    return ethogram(behaviour.isel(variant=slice(half)), behaviour.isel(variant=slice(half, None)))


ASSAY = BehaviourAssay(
    name="mating", behaviour="mating", source="Liu KS, Sternberg PW 1995 Neuron 14:79 (steps); rules in wormsim/mating_ethogram.py",
    circuit="whole_male", duration_s=45.0, world=world, measure=measure, counts=counts, repeats=WORLDS, every_ms=100.0, absent=ABSENT, twins=True,
    animals="turning_often+turning_again+turning_further|turning+male",
    limits="Two dimensions: both lie on their sides, rays and organs of left and right are one. "
    "The mate lies still and answers nothing; finding her, "
    "sperm and what ends a mating are left out. Serotonin, dopamine and "
    "peptides are left out, on which CP cells and dopaminergic rays are thought to act.")
