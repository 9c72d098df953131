{{ stage_files('incident_events') }}
