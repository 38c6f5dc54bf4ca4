"""Metrics, one a file, found by file name.

A module has ``FLOOR``, what chance scores, ``CEILING``, what perfection scores, and functions of arrays that return the
value and its interval. A metric knows nothing of cells or models.
"""
