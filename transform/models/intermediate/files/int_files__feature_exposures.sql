{{ map_files('feature_exposures') }}
