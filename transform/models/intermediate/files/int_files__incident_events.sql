{{ map_files('incident_events') }}
