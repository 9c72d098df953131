{{ stage_files('repositories') }}
