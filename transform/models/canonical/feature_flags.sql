{{ union_connectors('feature_flags') }}
