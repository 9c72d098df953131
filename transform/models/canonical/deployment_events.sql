{{ union_connectors('deployment_events') }}
