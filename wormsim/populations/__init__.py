"""Populations of calibrated animals, each as `wormsim run calibrate_NAME` left it (table `animals`): ``hermaphrodite.parquet``, ``touched.parquet``,
``male.parquet``, ``turning.parquet``, ``turning_often.parquet``, ``stopping_often.parquet``, and four whose animals were searched further:
``touched_often.parquet`` from those of ``touched.parquet``, ``turning_further.parquet`` from those of ``turning.parquet``, ``turning_again.parquet``
from those that ``turning_often`` refused, ``stopping_again.parquet`` from those that ``stopping_often`` refused.
(Of ``touched_often``, ``turning_further`` and the first 44 of ``turning_often`` the column `held` was reckoned afterwards, and those two that were
searched further have no `refused`, as they ran before there was one; `turn_progress` of the first 19 of ``turning_often`` is called `turn_beyond`
here. Rows of ``turning_often`` are of several versions of the search, so that today's command finds other animals of the same individuals. Three
of ``stopping_often`` that were searched for 48 generations and refused would have had 24 by today's.)

``pilot.parquet``, ``pilot_driven.parquet``, ``pilot_touched.parquet``, ``pilot_male.parquet``: animals of other individuals (of ``pilot.parquet`` as
far as anybody knows: whose its six are was not kept), found while the calibration was built; first candidates are drawn near them, and none of
them is taken as it is. Of touch, 1250 and 1251 are those of `calibrate_touch_pilots`, 1301 was found in the same way, and the others, as those of
mating, by earlier runs of the two calibrations. ``pilot_turning.parquet`` was found in trials near animals of ``male.parquet``,
``pilot_turning_often.parquet`` near those of ``turning.parquet``, two of which are in it but for rounding, and ``pilot_stopping.parquet``,
of 2010 and 2110, near an animal of ``male.parquet``, 783, that was bred with organs that feel the vulva within 0.05 mm where the model has 0.02
(docs/animals.md).
"""
