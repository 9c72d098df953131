{{ union_connectors('test_reports') }}
