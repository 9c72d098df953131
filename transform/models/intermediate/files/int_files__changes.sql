{{ map_files('changes') }}
