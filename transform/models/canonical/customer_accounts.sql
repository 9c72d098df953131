{{ union_connectors('customer_accounts') }}
