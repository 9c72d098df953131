{{ stage_files('deployment_events') }}
