{{ union_connectors('rejected_rows', provided_by_all=true) }}
