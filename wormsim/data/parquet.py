"""Write a table as parquet so that the same rows give the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def write(rows: pa.Table, path: Path) -> None:
    """Write `rows` to `path` without pandas metadata, with fixed compression and no time stamp.

    The bytes also hold the version of Arrow that wrote them; a rebuild with another version is compared by content.
    """
    import pyarrow.parquet as pq

    # one row group and plain statistics: the tables are small, and every byte must be reproducible
    pq.write_table(rows.replace_schema_metadata(None), path, compression="zstd", compression_level=19,
                   use_dictionary=True, write_statistics=False, row_group_size=1 << 24, store_schema=False,
                   version="2.6", data_page_version="1.0")
