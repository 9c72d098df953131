{{ map_files('assistant_seats') }}
