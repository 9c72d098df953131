"""Ingestion: connectors that load vendor facts into raw datasets through dlt, and their settings."""
