select items.*
from {{ ref('stg_toy__items') }} as items
cross join {{ ref('stg_flowgauge__as_of') }} as clock
where items.updated_at <= clock.as_of
