"""What Dagster's servers load of the miniature installation."""

from support.miniature import install

install()

from orchestration.code_location import flowgauge

__all__ = ["flowgauge"]
