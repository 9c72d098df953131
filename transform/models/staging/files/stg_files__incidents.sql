{{ stage_files('incidents') }}
