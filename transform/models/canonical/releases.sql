{{ union_connectors('releases') }}
