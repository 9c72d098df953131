{{ stage_files('assistant_usage_daily') }}
