{{ stage_files('feature_items') }}
