"""Transform: the dbt project from raw tables to marts, and the Python around it (invocation, containment)."""
