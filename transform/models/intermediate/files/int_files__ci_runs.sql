{{ map_files('ci_runs') }}
