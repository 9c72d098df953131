{{ stage_files('commit_ancestry') }}
