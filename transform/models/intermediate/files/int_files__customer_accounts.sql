{{ map_files('customer_accounts') }}
