{{ union_connectors('work_items') }}
