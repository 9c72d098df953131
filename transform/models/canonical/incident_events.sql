{{ union_connectors('incident_events') }}
