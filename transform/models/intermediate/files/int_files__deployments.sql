{{ map_files('deployments') }}
