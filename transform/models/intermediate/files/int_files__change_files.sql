{{ map_files('change_files') }}
