{{ union_connectors('commits') }}
