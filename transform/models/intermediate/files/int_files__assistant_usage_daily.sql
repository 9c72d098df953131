{{ map_files('assistant_usage_daily') }}
