{{ stage_files('releases') }}
