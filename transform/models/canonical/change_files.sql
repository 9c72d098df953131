{{ union_connectors('change_files') }}
