{{ union_connectors('feature_flag_events') }}
