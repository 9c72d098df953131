{{ map_files('ci_jobs') }}
