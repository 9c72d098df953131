{{ map_files('change_commits') }}
