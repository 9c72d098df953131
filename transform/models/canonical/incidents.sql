{{ union_connectors('incidents') }}
