{{ union_connectors('changes') }}
