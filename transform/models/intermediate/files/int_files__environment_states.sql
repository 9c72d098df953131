{{ map_files('environment_states') }}
