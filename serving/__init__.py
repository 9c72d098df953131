"""Serving: what readers get, published as a whole and replaced atomically.

Reads the marts and metrics schemas only.
"""
