{{ union_connectors('ci_jobs') }}
