{{ union_connectors('change_events') }}
