{{ union_connectors('session_changes') }}
