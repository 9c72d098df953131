{{ map_files('incidents') }}
