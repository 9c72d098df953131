{{ stage_files('change_files') }}
