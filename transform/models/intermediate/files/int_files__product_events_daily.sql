{{ map_files('product_events_daily') }}
