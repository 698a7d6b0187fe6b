-- People who want a car, and what Meta was told of them.

create table leads (
  id uuid primary key,
  seq bigint generated always as identity unique,
  source text not null check (source in ('form', 'inbox')),
  conversation_id bigint references conversations on delete set null,
  name text not null,
  phone text,
  email text,
  message text not null default '',
  car text,
  -- What Meta matches a visitor by: fbc, fbp, address, browser, page. Emptied after 90 days.
  visitor jsonb not null default '{}',
  created_at timestamptz(3) not null default now(),
  sold_at timestamptz(3),
  price numeric(14, 2),
  currency text
);

-- One open lead a conversation.
create unique index leads_open on leads (conversation_id) where sold_at is null;
create index leads_of_conversation on leads (conversation_id, seq desc);

create table meta_events (
  id text primary key,
  seq bigint generated always as identity unique,
  lead_id uuid not null references leads on delete cascade,
  name text not null,
  state text not null check (state in ('waiting', 'sent', 'refused', 'in_doubt')),
  -- An error's code, and what it means in plain words: no data of anybody.
  reason text,
  detail text,
  created_at timestamptz(3) not null default now(),
  settled_at timestamptz(3)
);

create index meta_events_of_lead on meta_events (lead_id);
create index meta_events_open on meta_events (state, seq desc) where state <> 'sent';
