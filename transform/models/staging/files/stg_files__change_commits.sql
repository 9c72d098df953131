{{ stage_files('change_commits') }}
