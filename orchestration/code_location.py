"""What Dagster's servers load: the definitions of the settings that the environment names.

`flowgauge serve` points them here, with `FLOWGAUGE_CONFIG` and `FLOWGAUGE_HOME` set to absolute paths.
"""

import dagster as dg

from ingestion.settings import load_settings
from orchestration.configuration import settings_path
from orchestration.definitions import build_definitions
from orchestration.home import Home


@dg.definitions
def flowgauge() -> dg.Definitions:
    """All assets, checks, jobs, schedules and sensors."""
    Home.from_environment().prepare()
    return build_definitions(load_settings(settings_path()))
