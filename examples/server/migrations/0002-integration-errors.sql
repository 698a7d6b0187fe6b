-- What went wrong at the providers, for an operator. No bodies and nothing about people.

create table integration_errors (
  id bigint generated always as identity primary key,
  minute timestamptz(3) not null,
  service text not null,
  operation text not null,
  code text not null,
  status integer not null,
  count integer not null default 1,
  request_id text,
  last_at timestamptz(3) not null,
  unique (minute, service, operation, code, status)
);
