{{ union_connectors('change_commits') }}
