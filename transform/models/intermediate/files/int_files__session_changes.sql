{{ map_files('session_changes') }}
