-- Files of messages, phones, how long a person can be written to freely, and receipts that name our own message.

alter table contacts add column phone text;
alter table conversations add column last_inbound_at timestamptz(3);
alter table messages add column media jsonb;
alter table message_receipts add column outbox_id text;
alter table message_receipts add column reason text;
alter table message_receipts drop constraint message_receipts_state_check;
alter table message_receipts add constraint message_receipts_state_check
  check (state in ('sent', 'delivered', 'seen', 'failed'));

update conversations set last_inbound_at = (
  select max(created_at) from messages where conversation_id = conversations.id and direction = 'in'
);

drop function record_inbound(text, text, text, text, text, text, text, text, text, text, text, timestamptz);

-- Stores a message from outside with its conversation and its contact. A function, because PostgreSQL keeps the plans of
-- its statements: planning them anew for each message costs more than running them.
create function record_inbound(
  the_channel text, the_account text, the_chat text, the_title text,
  the_person text, the_name text, the_username text, the_phone text,
  the_kind text, the_text text, the_preview text, the_media jsonb, the_external_id text, the_time timestamptz,
  out conversation_id bigint, out first_contact boolean
) language plpgsql as $$
declare
  the_contact bigint;
begin
  if the_phone is not null and the_phone <> the_chat and the_person = the_chat then
    perform rename_person(the_channel, the_account, the_phone, the_chat);
  end if;
  if the_person is not null then
    insert into contacts as known (channel, external_id, name, username, phone)
    values (the_channel, the_person, the_name, the_username, the_phone)
    on conflict (channel, external_id) do update set name = excluded.name, username = excluded.username,
        phone = coalesce(excluded.phone, known.phone)
      where (known.name, known.username) is distinct from (excluded.name, excluded.username)
        or known.phone is distinct from coalesce(excluded.phone, known.phone)
    returning id into the_contact;
    if the_contact is null then
      select id into the_contact from contacts where channel = the_channel and external_id = the_person;
    end if;
  end if;
  insert into conversations as known
    (channel, account, external_id, contact_id, title, last_text, last_direction, last_message_at, last_inbound_at, unread)
  values (the_channel, the_account, the_chat, the_contact, the_title, the_preview, 'in', now(),
    case when the_kind <> 'system' then the_time end, 1)
  on conflict (channel, account, external_id) do update set
    contact_id = excluded.contact_id, title = excluded.title, last_text = excluded.last_text, last_direction = 'in',
    last_message_at = excluded.last_message_at, unread = known.unread + 1, version = known.version + 1,
    last_inbound_at = greatest(known.last_inbound_at, excluded.last_inbound_at)
  returning id, version = 1 into conversation_id, first_contact;
  insert into messages (conversation_id, direction, author, kind, text, media, state, external_id, created_at)
  values (conversation_id, 'in', coalesce(the_name, the_title), the_kind, the_text, the_media, 'received',
    the_external_id, the_time);
end
$$;

-- A person's conversation and contact get another id, where nothing is known under that one yet.
create function rename_person(the_channel text, the_account text, the_old text, the_new text) returns void
language plpgsql as $$
begin
  update conversations set external_id = the_new, version = version + 1
  where channel = the_channel and account = the_account and external_id = the_old and not exists (
    select from conversations where channel = the_channel and account = the_account and external_id = the_new
  );
  update contacts set external_id = the_new
  where channel = the_channel and external_id = the_old and not exists (
    select from contacts where channel = the_channel and external_id = the_new
  );
end
$$;
