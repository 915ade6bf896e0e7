"""Who manages whom on which days, from seats: the holder of a leading position in one's unit or the nearest above."""

import duckdb

from dabiao.engine.payout.plan import Plan

_QUERY = """
    with recursive above as (
        select unit, unit as ancestor, 0 as steps from units
        union all
        select a.unit, u.parent, a.steps + 1 from above a join units u on u.unit = a.ancestor
        where u.parent is not null
    ), leads as (
        select person, unit, starts_on, ends_on from assignments where {leads}
    ), candidates as (
        select s.person, l.person as manager, a.steps,
               greatest(s.starts_on, l.starts_on) as starts_on, least(s.ends_on, l.ends_on) as ends_on
        from assignments s join above a on a.unit = s.unit join leads l on l.unit = a.ancestor
        where s."primary" is not false and l.person <> s.person
          -- Two who lead the same unit do not manage each other.
          and (a.steps > 0 or not coalesce({leads}, false))
          and greatest(s.starts_on, l.starts_on) < least(s.ends_on, l.ends_on)
    ), cuts as (
        select person, starts_on as day from candidates union select person, ends_on from candidates
    ), pieces as (
        select person, day as starts_on, lead(day) over (partition by person order by day) as ends_on from cuts
    )
    select p.person, arg_min(c.manager, (c.steps, c.manager)) as manager, p.starts_on, p.ends_on
    from pieces p
    join candidates c on c.person = p.person and c.starts_on <= p.starts_on and c.ends_on >= p.ends_on
    group by p.person, p.starts_on, p.ends_on"""


def name_managers(con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """Put the table `managers` of a plan that names its leading positions before the one that is given."""
    con.execute("drop table if exists temp.managers")
    if plan.managers:
        patterns = [position.replace("'", "''") for position in plan.managers]
        leads = "(" + " or ".join(f"position glob '{pattern}'" for pattern in patterns) + ")"
        con.execute(f"create temp table managers as {_QUERY.format(leads=leads)}")
