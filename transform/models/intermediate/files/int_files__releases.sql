{{ map_files('releases') }}
