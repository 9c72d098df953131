{{ stage_files('accounts') }}
