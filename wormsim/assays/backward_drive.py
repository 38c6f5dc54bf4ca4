"""Driven backing: a worm on agar whose command neurons of backing are held depolarised.

AVA and AVD are needed for backing (Chalfie M et al 1985 J Neurosci 5:956, from memory, medium; AVE with them: Piggott BJ et al 2011
Cell 147:922, from memory, high). Here AVA, AVD and AVE are opened to 0 mV for the whole run, as light would open a channel in them,
beside the animal's tonic drive of AVB. How far they are opened is chosen here, no measurement: by 1 nS, five times the largest
leak that a calibration may give a cell. A cell that is ablated is not driven. The answer is the mean signed velocity from four
seconds on, which are for starting from a bent body; ten seconds are three undulations or more at 0.3 to 0.5 Hz (Berri S et al 2009
HFSP J 3:186, from memory, high). Signed, since an unsigned speed hides a backing that is lost: below 0 it backs, as in
:mod:`wormsim.effects`. No ablation was run on it before it was fixed.
"""

from ..behaviour_assay import BehaviourAssay, mean_between, velocity
from ..closed_loop import World
from ..perturbations import Stimulate

START_S, STOP_S = 4.0, 14.0
DRIVEN, OPENS_NS = ("AVA", "AVD", "AVE"), 1.0


def measure(behaviour):
    """Mean signed velocity after the start: below 0 for an animal that backs."""
    return {"backward_mm_s": mean_between(*velocity(behaviour), START_S, STOP_S)}


ASSAY = BehaviourAssay(
    name="backward_drive", behaviour="backward locomotion", source="Chalfie M et al 1985 J Neurosci 5:956 (from memory, medium); Piggott BJ "
    "et al 2011 Cell 147:922 (from memory, high); the drive is chosen here", circuit="whole_hermaphrodite", duration_s=STOP_S,
    world=lambda wiring, seed: World.of("agar"), measure=measure, always=(Stimulate(*DRIVEN, g_nS=OPENS_NS, e_mV=0.0),),
    limits="What the loss of AVA, AVD or AVE does here is true by construction, as the assay drives them; it tells only what stands after them. "
    "The drive lasts for the whole run, and the tonic current into AVB goes on beside it. "
    "Animals of a calibration with the step `driven` were asked for exactly this: to back under the same drive, from the same fourth second on.")
