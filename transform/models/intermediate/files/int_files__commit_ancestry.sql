{{ map_files('commit_ancestry') }}
