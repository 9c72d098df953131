{#-
Patterns of CODEOWNERS files as regular expressions. A pattern with a slash before its end is meant from the root,
any other fits at any depth; one that ends in a slash means what is below, one that ends in `/*` no deeper than
that. Stars are set aside first, since the expressions that they become hold stars, too.
-#}
with

code_owners as (

    select * from {{ ref('code_owners') }}

),

matches as (

    select * from {{ ref('stg_flowgauge__repository_matches') }}

),

patterns as (

    select
        coalesce(matches.hosting_connection, code_owners.connection) as connection,
        coalesce(matches.hosting_repository, code_owners.repository) as repository,
        code_owners.position,
        code_owners.pattern,
        code_owners.valid_from,
        code_owners.valid_to,
        bool_or(coalesce(code_owners.owner_team, code_owners.owner_account) is not null) as has_owner
    from code_owners
    left join matches
        on
            code_owners.connection = matches.connection
            and code_owners.repository = matches.repository
    group by all

),

bare as (

    select
        *,
        case when pattern like '/%' then substring(pattern, 2) else pattern end as from_root,
        case when pattern like '%_/_%' or pattern like '/%' then '^' else '^(.*/)?' end as beginning,
        case when pattern like '%/' then '.*$' when pattern like '%/*' then '$' else '(/.*)?$' end as ending
    from patterns

)

select
    connection,
    repository,
    position,
    pattern,
    valid_from,
    valid_to,
    has_owner,
    beginning || {{ replaced('from_root', [
        ('.', '[.]'), ('+', '[+]'), ('(', '[(]'), (')', '[)]'), ('{', '[{]'), ('}', '[}]'), ('|', '[|]'), ('$', '[$]'),
        ('**/', '<any folder>'), ('/**', '<all below>'), ('**', '<any>'), ('*', '[^/]*'), ('?', '[^/]'),
        ('<any folder>', '(.*/)?'), ('<all below>', '/.*'), ('<any>', '.*'),
    ]) }} || ending as expression
from bare
