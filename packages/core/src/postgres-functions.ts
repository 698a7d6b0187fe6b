// The statements that run for every update and message, as functions: their plans are made once for each connection, where
// planning would cost more than running (on PGlite three times as much). Plans are kept for good, also those made while the
// tables were empty. So nothing here leaves the planner a choice that is only right on small tables: large tables are
// never joined, they are searched by one index, with `= any (…)` or in a loop; and rows are named by `seq` without a condition
// that would also fit a partial index, which on an empty table looks cheaper than the primary key.
const kept = `language plpgsql
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off`;

/**
 * Raised where a worker no longer holds a lane it wants to end: it was silent for too long and another took over. Its
 * transaction rolls back.
 */
export const laneLostCode = 'CF001';

// Each statement of such a function sees what was committed before that statement: rows are read after the lane is locked.
const claimLanes = `
  v_keys := array(
    select key from cartie_lane
    where queue = v_queue and worker is null and next_at <= now()
    order by next_at limit $2
    for update skip locked
  );
  if cardinality(v_keys) = 0 then return; end if;
  with claimed as (
    update cartie_lane l set worker = $1, fence = nextval('cartie_fence')
    where l.queue = v_queue and l.key = any (v_keys)
    returning l.key, l.fence, l.crashed
  )
  select array_agg(key), array_agg(fence), array_agg(crashed) into v_keys, v_fences, v_crashed from claimed;`;

// Sorted, so that two transactions never wait for each other in a circle.
const lockLanes = `
  v_owned := array(
    select l.key from cartie_lane l
    where l.queue = v_queue and l.key = any (v_keys) and l.worker = $1
      and l.fence = v_fences[array_position(v_keys, l.key)]
    order by l.key
    for update
  );`;

// A writer that adds a row locks the lane until it commits. So it either committed before the lane was locked here, and
// its row is seen, or it waits for this and then makes the lane anew.
function releaseLanes(head: string): string {
  return `
  foreach v_key in array v_release loop
    v_next := (${head});
    if v_next is null then
      delete from cartie_lane where queue = v_queue and key = v_key;
    else
      update cartie_lane set worker = null, crashed = false, next_at = greatest(clock_timestamp(), v_next)
      where queue = v_queue and key = v_key;
      return next (extract(epoch from v_next - clock_timestamp()) * 1000)::float8;
    end if;
  end loop;`;
}

// Rows are inserted by id and lanes by key, so that two processes that store the same never wait for each other in a
// circle; the sequence keeps the order in which they came.
const inboxAccept = `
create function cartie_inbox_accept(text[], text[], text[], text[], text[], text[], float8[])
returns table (source text, id text) ${kept} as $body$
#variable_conflict use_column
begin
  return query
  with incoming as materialized (
    select nextval('cartie_inbox_seq') as seq, i.*
    from unnest($1, $2, $3, $4, $5, $6, $7) as i (source, id, kind, order_key, original, payload, expires)
  ),
  fresh as (
    insert into cartie_inbox (seq, source, id, kind, order_key, original, payload, expires_at)
    select seq, source, id, kind, order_key, original, payload, to_timestamp(expires / 1000)
    from incoming order by source, id, seq
    on conflict (source, id) do nothing
    returning source, id, order_key
  ),
  lanes as (
    insert into cartie_lane (queue, key)
    select distinct 'inbox', order_key from fresh order by order_key
    on conflict (queue, key) do update set fence = cartie_lane.fence where false
  )
  select source, id from fresh;
end $body$`;

const inboxClaim = `
create function cartie_inbox_claim(uuid, integer, integer)
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
  from unnest(v_keys, v_fences, v_crashed) as h (key, fence, crashed)
  left join lateral (
    select * from cartie_inbox i where i.order_key = h.key and i.status = 'pending'
    order by i.seq limit ceil($3::float8 / cardinality(v_keys))::bigint
  ) r on true;
end $body$`;

const inboxFinish = `
create function cartie_inbox_finish(uuid, text[], bigint[], text[], bigint[], float8[], float8)
returns setof float8 ${kept} as $body$
declare
  v_queue constant text := 'inbox';
  v_keys constant text[] := $2;
  v_fences constant bigint[] := $3;
  v_release constant text[] := $4;
  v_owned text[];
  v_marked integer := 0;
  v_key text;
  v_next timestamptz;
begin
  ${lockLanes}
  if cardinality($5) > 0 then
    update cartie_inbox i set status = 'done', attempt = greatest(i.attempt, 1), run_at = null, finished_at = now(),
      forget_at = now() + $6[array_position($5, i.seq)] * interval '1 millisecond',
      clean_at = now() + least($6[array_position($5, i.seq)], $7) * interval '1 millisecond'
    where i.seq = any ($5) and i.finished_at is null;
    get diagnostics v_marked = row_count;
  end if;
  if cardinality(v_owned) <> cardinality(v_keys) or v_marked <> cardinality($5) then
    raise exception 'lane lost' using errcode = '${laneLostCode}';
  end if;
  ${releaseLanes(`
      select coalesce(i.run_at, i.received_at) from cartie_inbox i
      where i.order_key = v_key and i.status = 'pending' order by i.seq limit 1`)}
end $body$`;

const outboxAdd = `
create function cartie_outbox_add(text, text, text, text, text, boolean, float8, float8)
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

// Begun are the first rows of a lane that are due. Where a dead worker left one as sending, none is begun: that one comes
// first, and may have to be sent again.
const outboxClaim = `
create function cartie_outbox_claim(uuid, integer, integer, text)
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
  v_begin bigint[];
begin
  ${claimLanes}
  v_begin := array(
    select o.seq from (
      select r.seq, r.expired, bool_and(r.ready) over (partition by h.key order by r.seq) as reached
      from unnest(v_keys) as h (key)
      cross join lateral (
        select i.seq, coalesce(i.expires_at <= now(), false) as expired,
          i.status = 'queued' and coalesce(i.run_at <= now(), true) as ready
        from cartie_outbox i
        where i.topic = $4 and i.order_key = h.key and i.status in ('queued', 'sending')
        order by i.seq limit $3
      ) r
    ) o where o.reached and not o.expired
  );
  update cartie_outbox o set status = 'sending', attempts = o.attempts + 1,
    fence = v_fences[array_position(v_keys, o.order_key)]
  where o.seq = any (v_begin) and o.status || '' = 'queued';
  return query
  select l.key, l.fence::text, l.crashed, o.seq::text, o.topic, o.id, o.order_key, o.original, o.payload, o.idempotent,
    o.status, o.attempts, o.reason, o.result, o.fence::text,
    (extract(epoch from o.created_at) * 1000)::float8, (extract(epoch from o.settled_at) * 1000)::float8,
    o.status = 'sending' and o.fence = l.fence, o.status = 'sending' and o.fence is distinct from l.fence,
    o.status = 'queued' and coalesce(o.expires_at <= now(), false)
  from unnest(v_keys, v_fences, v_crashed) as l (key, fence, crashed)
  left join lateral (
    select * from cartie_outbox i
    where i.topic = $4 and i.order_key = l.key and i.status in ('queued', 'sending')
    order by i.seq limit $3
  ) o on true;
end $body$`;

const outboxSettle = `
create function cartie_outbox_settle(bigint[], bigint[], text[], text[], text[], integer[], float8[])
returns setof text ${kept} as $body$
declare
  d record;
begin
  for d in select * from unnest($1, $2, $3, $4, $5, $6, $7) as d (seq, fence, status, reason, result, attempts, delay)
  loop
    update cartie_outbox o set status = d.status, reason = d.reason, result = coalesce(d.result, o.result),
      attempts = d.attempts, run_at = clock_timestamp() + d.delay * interval '1 millisecond',
      settled_at = case when d.status <> 'queued' then now() end
    where o.seq = d.seq and o.fence is not distinct from d.fence and o.status in ('queued', 'sending', 'in_doubt');
    if found then return next d.seq::text; end if;
  end loop;
end $body$`;

// A lane that was taken over may be gone by now while a row of it was just queued again: then it must be there.
const outboxRelease = `
create function cartie_outbox_release(uuid, text[], bigint[], text)
returns setof float8 ${kept} as $body$
declare
  v_queue constant text := 'outbox:' || $4;
  v_keys constant text[] := $2;
  v_fences constant bigint[] := $3;
  v_owned text[];
  v_release text[];
  v_key text;
  v_next timestamptz;
begin
  ${lockLanes}
  v_release := v_owned;
  if cardinality(v_owned) <> cardinality(v_keys) then
    insert into cartie_lane (queue, key)
    select v_queue, k.key from unnest(v_keys) as k (key) where k.key <> all (v_owned) order by 2
    on conflict (queue, key) do update set fence = cartie_lane.fence where false;
  end if;
  ${releaseLanes(`
      select coalesce(i.run_at, i.created_at) from cartie_outbox i
      where i.topic = $4 and i.order_key = v_key and i.status in ('queued', 'sending') order by i.seq limit 1`)}
end $body$`;

// A worker registers before it claims, so a lane held by nobody registered is a dead one's. The dead are named by a
// statement of its own: a worker that registered and claimed a moment ago cannot be mistaken for one of them.
const freeLanes = `
create function cartie_lanes_free()
returns integer ${kept} as $body$
declare
  v_dead uuid[];
  v_lane record;
  v_freed integer := 0;
begin
  v_dead := array(
    select distinct l.worker from cartie_lane l
    where l.worker is not null and not exists (select from cartie_worker w where w.id = l.worker)
  );
  for v_lane in select queue, key from cartie_lane where worker = any (v_dead) for update skip locked
  loop
    update cartie_lane set worker = null, crashed = true where queue = v_lane.queue and key = v_lane.key;
    v_freed := v_freed + 1;
  end loop;
  return v_freed;
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
  freeLanes,
] as const;
