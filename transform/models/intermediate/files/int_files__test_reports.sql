{{ map_files('test_reports') }}
