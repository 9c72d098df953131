{{ map_files('feature_flags') }}
