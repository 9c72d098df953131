{{ stage_files('feature_flags') }}
