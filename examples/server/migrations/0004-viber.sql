-- What became of a message at the user's phone, and who cannot be reached.

alter table messages add column delivered_at timestamptz(3);
alter table messages add column seen_at timestamptz(3);
alter table contacts add column unreachable_at timestamptz(3);

-- A callback about a message whose id is not known yet: its call has not ended, or nobody knows how it ended.
create table message_receipts (
  conversation_id bigint not null references conversations on delete cascade,
  external_id text not null,
  state text not null check (state in ('delivered', 'seen', 'failed')),
  at timestamptz(3) not null,
  primary key (conversation_id, external_id, state)
);
