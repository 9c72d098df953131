{{ union_connectors('commit_ancestry') }}
