{{ stage_files('commits') }}
