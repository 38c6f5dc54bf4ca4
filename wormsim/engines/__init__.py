"""Engines: what runs a network of arrays; ``NAME_engine.py`` is the engine NAME.

An engine module has ``run(network, effects, lanes, n_steps, dt_ms, record, dtype, threads)``, which gives the recorded
arrays by name (see :mod:`wormsim.network` for what goes in). Brian2 is imported in this folder and nowhere else.
"""
