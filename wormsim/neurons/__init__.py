"""Neuron models, one a file, found by file name.

A module has ``MODEL``, a :class:`wormsim.dynamics.NeuronModel` whose name is the file's: Brian2 equations as text with
``v : volt`` among the states and ``I : amp`` for all that flows in, and every parameter with value, unit, source and
certainty, and a prior where nobody has measured it. Both engines run it from there.
"""
