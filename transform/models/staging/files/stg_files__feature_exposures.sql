{{ stage_files('feature_exposures') }}
