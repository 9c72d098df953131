{{ stage_files('deployments') }}
