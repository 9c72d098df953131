"""Quality: Great Expectations suites that gate what is published, and the quarantine of impossible rows."""
