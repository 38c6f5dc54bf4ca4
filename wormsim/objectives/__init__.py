"""Objectives, one kind of data that a model can be fitted to a file, found by file name.

A module has ``Fit``, a subclass of :class:`wormsim.objective.Objective`: its fields are the settings, its class attributes say
what is fitted, what is scored and by what the data are split, and its methods give the data, the same numbers of many
samples in one simulation, and a score. What is true of the data and not of the model (noise, missing cells) is said in the
module's docstring.
"""
