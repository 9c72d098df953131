{{ stage_files('changes') }}
