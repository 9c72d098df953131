{{ map_files('change_snapshots') }}
