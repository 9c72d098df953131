select items.*, count(contained.sha) as contained_count
from {{ ref('items') }} as items
left join {{ source('flowgauge', 'deployment_commits') }} as contained on items.id = contained.sha
group by all
