{{ stage_files('assistant_sessions') }}
