{{ stage_files('branch_rules') }}
