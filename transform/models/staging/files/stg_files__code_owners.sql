{{ stage_files('code_owners') }}
