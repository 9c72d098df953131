{{ map_files('repositories') }}
