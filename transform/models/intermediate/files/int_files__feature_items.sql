{{ map_files('feature_items') }}
