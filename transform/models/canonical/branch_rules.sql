{{ union_connectors('branch_rules') }}
