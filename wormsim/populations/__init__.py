"""Populations of calibrated animals, as `wormsim run calibrate_hermaphrodite` and `calibrate_male` left them (table `animals` of the results).

``pilot.parquet``: animals of other individuals, found while the calibration was built; some first candidates are drawn near them.
"""
