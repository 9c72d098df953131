{{ stage_files('assistant_seats') }}
