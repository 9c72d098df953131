{{ map_files('accounts') }}
