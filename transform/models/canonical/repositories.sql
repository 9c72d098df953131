{{ union_connectors('repositories') }}
