{{ union_connectors('feature_items') }}
