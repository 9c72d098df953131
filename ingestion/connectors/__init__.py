"""Connectors: one folder for each vendor, named as its raw dataset, dbt source and asset group."""
