"""Leaky integrate-and-fire cell with white noise in its membrane current.

``neurons/lif.py`` with one term more (Tuckwell 1988, Introduction to Theoretical Neurobiology, volume 2). Left alone and
without a threshold, the potential is an Ornstein-Uhlenbeck process: normal around ``v_rest`` with a standard deviation of
`sigma` and a memory of `tau_m`. The noise stands for everything that moves a cell and is not in the wiring diagram; every
cell has its own, and two variants with the same random stream have the same.
"""

from dataclasses import replace

from ..parameter import Parameter, Prior
from . import lif

MODEL = replace(
    lif.MODEL,
    name="noisy_lif",
    equations="dv/dt = (v_rest - v + I/g_leak)/tau_m + sigma*sqrt(2/tau_m)*xi : volt (unless refractory)",
    parameters=(
        *lif.MODEL.parameters,
        Parameter("sigma", 1.0, "mV", "not known for these cells: small beside the 7 mV to threshold, so that a cell alone is silent",
                  "guess", Prior("loguniform", 0.1, 3.0)),
    ),
)
