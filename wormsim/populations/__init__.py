"""Populations of calibrated animals, as `wormsim run calibrate_hermaphrodite`, `calibrate_touched` and `calibrate_male` left them (table `animals`).

``pilot.parquet``, ``pilot_driven.parquet``, ``pilot_touched.parquet``, ``pilot_male.parquet``: animals of other individuals, found while the
calibration was built (1250 and 1251 of touch by `calibrate_touch_pilots`, the last 32 of touch and those of mating by earlier runs of the two
calibrations, on other individuals); first candidates are drawn near them, and none of them is taken as it is.
"""
