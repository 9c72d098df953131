{{ map_files('branch_rules') }}
