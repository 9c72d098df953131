{{ map_files('feature_flag_events') }}
