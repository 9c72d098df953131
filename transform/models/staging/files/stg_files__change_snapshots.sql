{{ stage_files('change_snapshots') }}
