"""What Dagster's servers load of the miniature installation."""

from support.miniature import install

install()

from orchestration.code_location import flowgauge  # noqa: E402

__all__ = ["flowgauge"]
