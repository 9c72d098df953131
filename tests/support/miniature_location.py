"""What Dagster's servers load of the miniature installation."""

from support.miniature import install

install()

from orchestration.code_location import flowgauge  # noqa: E402 - the installation comes first

__all__ = ["flowgauge"]
