select connection, id, state, size, updated_at from {{ source('toy', 'items') }}
