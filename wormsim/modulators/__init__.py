"""Modulators: monoamines and neuropeptides, one a file, found by file name.

A module has ``MODULATOR``, a :class:`wormsim.modulator.Modulator` whose name is the file's: who releases it, which receptors it
has with coupling, source and certainty, and how fast it is cleared. What a coupling does to a cell stands in
:mod:`wormsim.modulator_rules`.
"""
