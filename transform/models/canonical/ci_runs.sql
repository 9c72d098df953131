{{ union_connectors('ci_runs') }}
