{{ map_files('assistant_sessions') }}
