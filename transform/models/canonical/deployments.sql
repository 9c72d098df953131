{{ union_connectors('deployments') }}
