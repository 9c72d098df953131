with

roles as (

    select * from {{ ref('roles') }}

)

select
    {{ surrogate_key('role', 'role') }} as role_key,
    role,
    description
from roles
union all
select
    {{ unknown_key() }} as role_key,
    'unknown' as role,
    'Role that is not known' as description
