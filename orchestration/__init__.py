"""Orchestration: Dagster's assets, checks, jobs and schedules, and the `flowgauge` command.

The only package that knows all the others, and the only one that imports Dagster.
"""
