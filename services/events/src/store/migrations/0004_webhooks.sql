-- Webhooks (rest-api-core 9): what their administrators call them. The rest is in listener and endpoint, under the same id.
create table events.webhook (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  id text collate "C" not null check (length(id) <= 64),
  name text collate "C" not null check (length(name) between 1 and 128),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (scope_id, id),
  foreign key (scope_id, id) references events.listener (scope_id, id) on delete cascade
);
--> statement-breakpoint
alter table events.webhook enable row level security;
--> statement-breakpoint
create policy by_scope on events.webhook
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update, delete on events.webhook to scaivault_events;
