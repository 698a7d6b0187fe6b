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
