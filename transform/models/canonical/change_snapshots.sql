{{ union_connectors('change_snapshots') }}
