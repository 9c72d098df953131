{{ union_connectors('environment_states') }}
