{{ map_files('code_owners') }}
