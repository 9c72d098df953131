{{ union_connectors('assistant_usage_daily') }}
