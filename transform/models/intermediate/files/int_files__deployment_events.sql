{{ map_files('deployment_events') }}
