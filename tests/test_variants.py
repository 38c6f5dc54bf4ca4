"""What is done to which variant, segment by segment."""

import numpy as np
from tiny import tiny_circuit

import wormsim as ws
from wormsim.model import Model
from wormsim.variants import Variants, effects


def test_segments_share_the_arrays_that_do_not_change():
    """A hundred pulses must not take a hundredfold memory; engines see by it what they need not prepare again."""
    model = Model.build(tiny_circuit(), "lif")
    cell = model.circuit.connectome.cells.index[0]
    pulses = [ws.Stimulate(cell, start_ms=10.0 * k, stop_ms=10.0 * k + 5, current_pA=3.0) for k in range(3)]
    variants = Variants.cross(model.nominal(), {"intact": (), "without": (ws.Ablate(cell),)})
    done = effects(model.perturbed(*pulses), variants, 0.1, 300)
    assert [(e.start, e.stop) for e in done] == [(k, k + 50) for k in range(0, 300, 50)]
    assert [e.current_pA[0].tolist() for e in done] == [[3.0, 3.0], [0.0, 0.0]] * 3
    for e in done:
        assert e.alive is done[0].alive
        assert e.conductance_nS is done[0].conductance_nS
    assert not done[0].alive[0, 1]
    assert np.count_nonzero(~done[0].alive) == 1
