-- The outbox that Laba reads. An application writes a row in the transaction of whatever the row tells of: both are
-- there, or neither. PostgreSQL 13 or newer.
CREATE TABLE laba_outbox (
  -- In the order of (transaction_id, id) rows are read, each once its transaction and all older ones are over.
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
  topic text,
  key text,
  -- Or bytea, json, jsonb.
  body text,
  content_type text,
  headers jsonb,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX laba_outbox_order ON laba_outbox (transaction_id, id);

-- Wakes the reader; without it rows are found within a second.
CREATE FUNCTION laba_outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NOTIFY laba_outbox;
  RETURN NULL;
END
$$;

CREATE TRIGGER laba_outbox_notify AFTER INSERT ON laba_outbox
  FOR EACH STATEMENT EXECUTE FUNCTION laba_outbox_notify();

-- Only with `keep: true`, where rows stay: how far each reader is.
CREATE TABLE laba_outbox_progress (
  reader text PRIMARY KEY,
  transaction_id xid8 NOT NULL,
  id bigint NOT NULL
);
