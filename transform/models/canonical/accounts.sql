{{ union_connectors('accounts') }}
