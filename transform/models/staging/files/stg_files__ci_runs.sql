{{ stage_files('ci_runs') }}
