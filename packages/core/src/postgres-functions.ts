// The statements that run for every update and message, as functions: their plans are made once for each connection, where
// planning would cost more than running (on PGlite three times as much). Plans are kept for good, also where they were made
// while the tables were empty, so only those that stay right on large tables are allowed.
const kept = `language plpgsql
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off
  set enable_hashjoin = off set enable_mergejoin = off`;

/**
 * Raised where a worker no longer holds a lane it wants to end: it was silent for too long and another took over. Its
 * transaction rolls back.
 */
export const laneLostCode = 'CF001';

// Each statement of such a function sees what was committed before the statement: rows are read after the lane is locked.
const claimLanes = `
  with due as (
    select queue, key from cartie_lane
    where queue = v_queue and worker is null and next_at <= now()
    order by next_at limit $2
    for update skip locked
  ),
  claimed as (
    update cartie_lane l set worker = $1, fence = nextval('cartie_fence')
    from due where l.queue = due.queue and l.key = due.key
    returning l.key, l.fence, l.crashed
  )
  select array_agg(c.key), array_agg(c.fence), array_agg(c.crashed) into v_keys, v_fences, v_crashed from claimed c;
  if v_keys is null then return; end if;`;

// Sorted, so that two transactions never wait for each other in a circle.
const lockLanes = `
  select coalesce(array_agg(o.key), '{}') into v_owned from (
    select l.key from unnest(v_keys, v_fences) as h (key, fence)
    join cartie_lane l on l.queue = v_queue and l.key = h.key and l.fence = h.fence and l.worker = $1
    order by l.key for update of l
  ) o;`;

// A writer that adds a row locks the lane until it commits. So it either committed before the lane was locked here, and
// its row is seen, or it waits for this and then makes the lane anew.
function releaseLanes(head: string): string {
  return `
  return query
  with heads as materialized (select h.key, (${head}) as next_at from unnest(v_release) as h (key)),
  gone as (
    delete from cartie_lane l using heads where l.queue = v_queue and l.key = heads.key and heads.next_at is null
  ),
  kept as (
    update cartie_lane l set worker = null, crashed = false, next_at = greatest(clock_timestamp(), heads.next_at)
    from heads where l.queue = v_queue and l.key = heads.key and heads.next_at is not null
    returning l.next_at
  )
  select (extract(epoch from next_at - clock_timestamp()) * 1000)::float8 from kept;`;
}

const inboxAccept = `
create function cartie_inbox_accept_v1(text[], text[], text[], text[], text[], text[], float8[])
returns setof integer ${kept} as $body$
#variable_conflict use_column
begin
  -- Rows are inserted by id and lanes by key, so that two processes that store the same never wait for each other; the
  -- sequence keeps the order in which they came.
  return query
  with incoming as materialized (
    select nextval('cartie_inbox_seq') as seq, i.*
    from unnest($1, $2, $3, $4, $5, $6, $7) with ordinality as i (source, id, kind, order_key, original, payload, expires, n)
  ),
  fresh as (
    insert into cartie_inbox (seq, source, id, kind, order_key, original, payload, expires_at)
    select seq, source, id, kind, order_key, original, payload, to_timestamp(expires / 1000)
    from incoming order by source, id, seq
    on conflict (source, id) do nothing
    returning seq, order_key
  ),
  lanes as (
    insert into cartie_lane (queue, key)
    select distinct 'inbox', order_key from fresh order by order_key
    on conflict (queue, key) do update set fence = cartie_lane.fence where false
  )
  select i.n::integer from incoming i join fresh f on f.seq = i.seq;
end $body$`;

const inboxClaim = `
create function cartie_inbox_claim_v1(uuid, integer, integer)
returns table (
  key text, fence text, crashed boolean, seq text, source text, id text, kind text, original text, payload text,
  attempt integer, received float8, expires float8, due boolean, expired boolean
) ${kept} as $body$
#variable_conflict use_column
declare
  v_queue constant text := 'inbox';
  v_keys text[];
  v_fences bigint[];
  v_crashed boolean[];
begin
  ${claimLanes}
  return query
  select h.key, h.fence::text, h.crashed, r.seq::text, r.source, r.id, r.kind, r.original, r.payload, r.attempt,
    (extract(epoch from r.received_at) * 1000)::float8, (extract(epoch from r.expires_at) * 1000)::float8,
    coalesce(r.run_at <= now(), true), coalesce(r.expires_at <= now(), false)
  from unnest(v_keys, v_fences, v_crashed) with ordinality as h (key, fence, crashed, n)
  left join lateral (
    select * from cartie_inbox i where i.order_key = h.key and i.status = 'pending'
    order by i.seq limit ceil($3::float8 / cardinality(v_keys))::bigint
  ) r on true
  order by h.n, r.seq;
end $body$`;

const inboxFinish = `
create function cartie_inbox_finish_v1(uuid, text[], bigint[], text[], bigint[], float8[], float8)
returns setof float8 ${kept} as $body$
#variable_conflict use_column
declare
  v_queue constant text := 'inbox';
  v_keys constant text[] := $2;
  v_fences constant bigint[] := $3;
  v_release constant text[] := $4;
  v_owned text[];
  v_marked integer := 0;
begin
  ${lockLanes}
  if cardinality($5) > 0 then
    update cartie_inbox i set status = 'done', attempt = greatest(i.attempt, 1), run_at = null, finished_at = now(),
      forget_at = now() + d.dedup * interval '1 millisecond',
      clean_at = now() + least(d.dedup, $7) * interval '1 millisecond'
    from unnest($5, $6) as d (seq, dedup)
    where i.seq = d.seq and i.status = 'pending';
    get diagnostics v_marked = row_count;
  end if;
  if cardinality(v_owned) <> cardinality(v_keys) or v_marked <> cardinality($5) then
    raise exception 'lane lost' using errcode = '${laneLostCode}';
  end if;
  ${releaseLanes(`
    select coalesce(i.run_at, i.received_at) from cartie_inbox i
    where i.order_key = h.key and i.status = 'pending' order by i.seq limit 1`)}
end $body$`;

const outboxAdd = `
create function cartie_outbox_add_v1(text, text, text, text, text, boolean, float8, float8)
returns setof integer ${kept} as $body$
#variable_conflict use_column
begin
  return query
  with fresh as (
    insert into cartie_outbox (seq, topic, id, order_key, original, payload, idempotent, run_at, expires_at)
    values (nextval('cartie_outbox_seq'), $1, $2, $3, $4, $5, $6,
      case when $7 > 0 then clock_timestamp() + $7 * interval '1 millisecond' end, to_timestamp($8 / 1000))
    on conflict (topic, id) do nothing
    returning topic, order_key, run_at
  ),
  lane as (
    insert into cartie_lane (queue, key, next_at)
    select 'outbox:' || topic, order_key, coalesce(run_at, now()) from fresh
    on conflict (queue, key) do update set fence = cartie_lane.fence where false
  )
  select 1 from fresh;
end $body$`;

const outboxClaim = `
create function cartie_outbox_claim_v1(uuid, integer, integer, text)
returns table (
  key text, lane_fence text, crashed boolean, seq text, topic text, id text, order_key text, original text, payload text,
  idempotent boolean, status text, attempts integer, reason text, result text, fence text, created float8, settled float8,
  begun boolean, stale boolean, expired boolean
) ${kept} as $body$
#variable_conflict use_column
declare
  v_queue constant text := 'outbox:' || $4;
  v_keys text[];
  v_fences bigint[];
  v_crashed boolean[];
begin
  ${claimLanes}
  return query
  with heads as materialized (
    select o.*, bool_and(o.ready) over (partition by o.key order by o.seq) as reached,
      bool_or(o.stale) over (partition by o.key) as interrupted
    from (
      select h.key, h.fence as lane_fence, r.seq, r.status = 'sending' as stale,
        r.status = 'sending' or r.run_at is null or r.run_at <= now() as ready,
        r.status = 'queued' and coalesce(r.expires_at <= now(), false) as expired
      from unnest(v_keys, v_fences) as h (key, fence)
      cross join lateral (
        select * from cartie_outbox i
        where i.topic = $4 and i.order_key = h.key and i.status in ('queued', 'sending')
        order by i.seq limit $3
      ) r
    ) o
  ),
  begun as (
    update cartie_outbox o set status = 'sending', fence = h.lane_fence, attempts = o.attempts + 1
    from heads h
    where o.seq = h.seq and h.reached and not h.interrupted and not h.expired and o.status = 'queued'
    returning o.seq, o.attempts
  )
  select l.key, l.fence::text, l.crashed, o.seq::text, o.topic, o.id, o.order_key, o.original, o.payload, o.idempotent,
    o.status, coalesce(b.attempts, o.attempts), o.reason, o.result, o.fence::text,
    (extract(epoch from o.created_at) * 1000)::float8, (extract(epoch from o.settled_at) * 1000)::float8,
    b.seq is not null, h.stale, h.expired and not h.interrupted
  from unnest(v_keys, v_fences, v_crashed) as l (key, fence, crashed)
  left join heads h on h.key = l.key and h.reached and (h.stale or not h.interrupted)
  left join cartie_outbox o on o.seq = h.seq
  left join begun b on b.seq = h.seq
  order by l.key, o.seq;
end $body$`;

const outboxSettle = `
create function cartie_outbox_settle_v1(bigint[], bigint[], text[], text[], text[], integer[], float8[])
returns setof text ${kept} as $body$
#variable_conflict use_column
begin
  return query
  update cartie_outbox o set status = d.status, reason = d.reason, result = coalesce(d.result, o.result),
    attempts = d.attempts, run_at = clock_timestamp() + d.delay * interval '1 millisecond',
    settled_at = case when d.status <> 'queued' then now() end
  from unnest($1, $2, $3, $4, $5, $6, $7) as d (seq, fence, status, reason, result, attempts, delay)
  where o.seq = d.seq and o.fence is not distinct from d.fence and o.status in ('queued', 'sending', 'in_doubt')
  returning o.seq::text;
end $body$`;

const outboxRelease = `
create function cartie_outbox_release_v1(uuid, text[], bigint[], text)
returns setof float8 ${kept} as $body$
#variable_conflict use_column
declare
  v_queue constant text := 'outbox:' || $4;
  v_keys constant text[] := $2;
  v_fences constant bigint[] := $3;
  v_owned text[];
  v_release text[];
begin
  ${lockLanes}
  v_release := v_owned;
  if cardinality(v_owned) <> cardinality(v_keys) then
    -- A lane that was taken over may be gone by now, and a row of it may just have been queued again.
    insert into cartie_lane (queue, key)
    select distinct v_queue, k.key from unnest(v_keys) as k (key) where k.key <> all (v_owned) order by 2
    on conflict (queue, key) do update set fence = cartie_lane.fence where false;
  end if;
  ${releaseLanes(`
    select coalesce(i.run_at, i.created_at) from cartie_outbox i
    where i.topic = $4 and i.order_key = h.key and i.status in ('queued', 'sending') order by i.seq limit 1`)}
end $body$`;

/**
 * The functions, one statement each. Instances of two versions may share a database while a new one is rolled out, so a
 * function is never changed: what must change gets a new name (`…_v2`) in a new step.
 */
export const functionStatements = [
  inboxAccept,
  inboxClaim,
  inboxFinish,
  outboxAdd,
  outboxClaim,
  outboxSettle,
  outboxRelease,
] as const;
