{{ union_connectors('product_events_daily') }}
