-- People, and what was said with them.

create table contacts (
  id bigint generated always as identity primary key,
  channel text not null,
  external_id text not null,
  name text not null,
  username text,
  created_at timestamptz(3) not null default now(),
  unique (channel, external_id)
);

create table conversations (
  id bigint generated always as identity primary key,
  channel text not null,
  account text not null,
  external_id text not null,
  contact_id bigint references contacts on delete set null,
  title text not null,
  last_text text not null,
  last_direction text not null check (last_direction in ('in', 'out')),
  last_message_at timestamptz(3) not null,
  unread integer not null default 0,
  version integer not null default 1,
  created_at timestamptz(3) not null default now(),
  unique (channel, account, external_id)
);

-- The list of the operator's page.
create index conversations_newest on conversations (last_message_at desc, id desc);

-- Hundreds are written each second, so there are no more indexes than reading needs.
create table messages (
  conversation_id bigint not null references conversations on delete cascade,
  id bigint generated always as identity,
  direction text not null check (direction in ('in', 'out')),
  author text not null,
  kind text not null,
  text text not null,
  state text not null check (state in ('received', 'queued', 'sent', 'failed', 'in_doubt')),
  reason text,
  external_id text,
  outbox_id text,
  created_at timestamptz(3) not null default now(),
  settled_at timestamptz(3),
  primary key (conversation_id, id)
);

create unique index messages_of_outbox on messages (outbox_id) where outbox_id is not null;

-- Stores a message from outside with its conversation and its contact. A function, because PostgreSQL keeps the plans of
-- its statements: planning them anew for each message costs more than running them.
create function record_inbound(
  the_channel text, the_account text, the_chat text, the_title text,
  the_person text, the_name text, the_username text,
  the_kind text, the_text text, the_preview text, the_external_id text, the_time timestamptz,
  out conversation_id bigint, out first_contact boolean
) language plpgsql as $$
declare
  the_contact bigint;
begin
  if the_person is not null then
    insert into contacts as known (channel, external_id, name, username)
    values (the_channel, the_person, the_name, the_username)
    on conflict (channel, external_id) do update set name = excluded.name, username = excluded.username
      where (known.name, known.username) is distinct from (excluded.name, excluded.username)
    returning id into the_contact;
    if the_contact is null then
      select id into the_contact from contacts where channel = the_channel and external_id = the_person;
    end if;
  end if;
  insert into conversations as known
    (channel, account, external_id, contact_id, title, last_text, last_direction, last_message_at, unread)
  values (the_channel, the_account, the_chat, the_contact, the_title, the_preview, 'in', now(), 1)
  on conflict (channel, account, external_id) do update set
    contact_id = excluded.contact_id, title = excluded.title, last_text = excluded.last_text, last_direction = 'in',
    last_message_at = excluded.last_message_at, unread = known.unread + 1, version = known.version + 1
  returning id, version = 1 into conversation_id, first_contact;
  insert into messages (conversation_id, direction, author, kind, text, state, external_id, created_at)
  values (conversation_id, 'in', coalesce(the_name, the_title), the_kind, the_text, 'received', the_external_id, the_time);
end
$$;
