"""The small tables that every install carries, each with its source, hash and licence in ``sources.toml``."""
