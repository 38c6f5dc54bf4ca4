"""Experiments, one TOML an experiment, found by file name.

The table ``[experiment]`` says the question, its sources, what the model is fitted on and what it is scored on; the
other tables are the settings of the study that its ``kind`` names.
"""
