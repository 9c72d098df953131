{{ stage_files('customer_accounts') }}
