"""Synapse models, chemical and electrical, one a file, found by file name.

A module has ``MODEL``, a :class:`wormsim.dynamics.SynapseModel` whose name is the file's: what a cell carries for it, what
is summed over its incoming edges, what a spike adds, and the current that flows; parameters as for a neuron model.
"""
