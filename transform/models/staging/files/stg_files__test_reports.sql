{{ stage_files('test_reports') }}
