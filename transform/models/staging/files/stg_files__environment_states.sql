{{ stage_files('environment_states') }}
