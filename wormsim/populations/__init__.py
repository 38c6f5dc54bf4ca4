"""Populations of calibrated animals, as `wormsim run calibrate_hermaphrodite`, `calibrate_male` and `calibrate_touched` left them (table `animals`).

``pilot.parquet`` and ``pilot_touched.parquet``: animals of other individuals, found while the calibration was built; some first
candidates are drawn near them.
"""
