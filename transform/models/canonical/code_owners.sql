{{ union_connectors('code_owners') }}
