{{ stage_files('ci_jobs') }}
