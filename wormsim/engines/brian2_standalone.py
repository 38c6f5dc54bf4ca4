"""One variant in Brian2's C++ standalone mode: the same network, compiled to a program, its loop timed by itself.

For comparisons and benchmarks. The program's own time (``device._last_run_time``) leaves out code generation, compilation
and the writing of results; with one thread it is processor time, with several the wall clock, as Brian2 measures them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from . import importing_brian2  # noqa: F401 -- before Brian2

# isort: split

import brian2 as b2
import numpy as np
from brian2.devices.device import reset_device

from ..errors import InputError
from ..network import Effects, Lanes, Network, Record
from .brian2_engine import blank, read, watch
from .brian2_network import ONE_AT_A_TIME, build


def run_standalone(
    network: Network,
    effects: list[Effects],
    lanes: Lanes,
    n_steps: int,
    dt_ms: float,
    record: Record,
    lane: int = 0,
    threads: int = 1,
    folder: str | Path | None = None,
    method: str | None = None,
) -> tuple[dict[str, np.ndarray], float]:
    """Write, compile and run the program of one variant.

    Parameters
    ----------
    network, effects, lanes, n_steps, dt_ms, record
        As for ``numba_engine.run``. A record without v, states and spikes adds no monitor to what is timed.
    lane : int
        Which variant.
    threads : int
        OpenMP threads; 1 leaves OpenMP out.
    folder : str or Path, optional
        For the source and the program, which stay; by default a temporary one, which goes.
    method : str, optional
        See :func:`wormsim.engines.brian2_network.build`. White noise is drawn by the program.

    Returns
    -------
    arrays : dict of str to ndarray, shape (1, T, R)
        As from :func:`wormsim.engines.brian2_engine.run`.
    run_loop_s : float
        Seconds in the loop over steps, as the program measured them.

    Raises
    ------
    InputError
        A variant that does not exist, threads below 1, or a standalone device that is in use.
    """
    if not 0 <= lane < len(lanes.sample):
        raise InputError(f"variant {lane} does not exist: there are {len(lanes.sample)}")
    if threads < 1:
        raise InputError(f"threads = {threads} must be at least 1")
    if not isinstance(b2.get_device(), b2.devices.RuntimeDevice):
        raise InputError("Brian2 is already set to a standalone device: call brian2.set_device('runtime') first")
    raw = blank(network, 1, n_steps, record, dt_ms, np.float64)
    preference = b2.prefs.devices.cpp_standalone
    before = preference.openmp_threads
    with ONE_AT_A_TIME, tempfile.TemporaryDirectory(prefix="wormsim-brian2-") as temporary:
        b2.set_device("cpp_standalone", build_on_run=False)
        device = b2.get_device()
        try:
            preference.openmp_threads = threads if threads > 1 else 0
            net = build(network, effects, lanes, lane, dt_ms, method=method, counted=False)
            monitors = watch(net, record, dt_ms)
            net.run(n_steps * dt_ms * b2.ms, namespace={})
            device.build(directory=str(folder or temporary), with_output=False)
            run_loop_s = float(device._last_run_time)
            read(raw, net, monitors, effects[0].alive[:, lane], record, dt_ms)
        finally:
            preference.openmp_threads = before
            device.reinit()
            reset_device()
    return raw, run_loop_s
