-- Whom SendPulse knows of: people by their address, an e-mail in lower case or else the digits of a phone.

create table mailing_contacts (
  address text primary key,
  name text not null,
  email text,
  phone text,
  -- Grows with each change that SendPulse has to know.
  version integer not null default 1,
  state text not null check (state in ('waiting', 'synced', 'refused')),
  -- An error's code, and what it means in plain words: no data of anybody.
  reason text,
  detail text,
  created_at timestamptz(3) not null default now(),
  synced_at timestamptz(3),
  bounced_at timestamptz(3),
  unsubscribed_at timestamptz(3)
);

create index mailing_contacts_open on mailing_contacts (state) where state <> 'synced';

-- The address that a lead or a contact was synced by; empty: there is none. Null: not looked at yet.
alter table leads add column mailing_address text;
alter table contacts add column mailing_address text;

create index leads_not_synced on leads (seq) where mailing_address is null;
create index contacts_not_synced on contacts (id) where mailing_address is null and phone is not null;
create index contacts_of_address on contacts (mailing_address) where mailing_address is not null;
