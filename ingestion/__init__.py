"""Ingestion: connectors that load vendor facts into raw datasets through dlt, and the settings that name them."""
