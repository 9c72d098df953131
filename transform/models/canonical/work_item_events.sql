{{ union_connectors('work_item_events') }}
