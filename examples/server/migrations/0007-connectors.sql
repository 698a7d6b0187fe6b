-- Telegram accounts that read channels, the channels they follow, and the posts.

create table connectors (
  -- The account's name in the hub; its session is in the session store, encrypted.
  id text primary key,
  label text not null,
  created_at timestamptz(3) not null default now()
);

create table followed_channels (
  connector_id text not null references connectors on delete cascade,
  channel_id text not null,
  title text not null,
  username text,
  created_at timestamptz(3) not null default now(),
  primary key (connector_id, channel_id)
);

-- A post is there once, whichever account brought it. What the parser found is beside the text, and is null where the text
-- does not say.
create table feed_posts (
  channel_id text not null,
  message_id bigint not null,
  seq bigint generated always as identity unique,
  text text not null,
  make text,
  model text,
  year integer,
  price numeric(14, 2),
  currency text,
  mileage_km integer,
  phones text[] not null,
  posted_at timestamptz(3) not null,
  edited_at timestamptz(3),
  deleted_at timestamptz(3),
  primary key (channel_id, message_id)
);

create index feed_posts_newest on feed_posts (posted_at desc, seq desc);
