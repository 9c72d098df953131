{{ map_files('commits') }}
