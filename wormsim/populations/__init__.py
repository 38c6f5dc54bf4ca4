"""Populations of calibrated animals, as `wormsim run calibrate_hermaphrodite`, `calibrate_touched` and `calibrate_male` left them (table `animals`).

``pilot.parquet``, ``pilot_driven.parquet``, ``pilot_touched.parquet``, ``pilot_male.parquet``: animals of other individuals, found while the
calibration was built (those of touch by `calibrate_touch_pilots`); first candidates are drawn near them, and none of them is taken as it is.
"""
