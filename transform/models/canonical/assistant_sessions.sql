{{ union_connectors('assistant_sessions') }}
