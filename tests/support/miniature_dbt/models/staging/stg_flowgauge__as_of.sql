select max_by(as_of, started_at) as as_of from {{ source('flowgauge', 'runs') }}
