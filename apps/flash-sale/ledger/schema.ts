// The tables of a sale's books. What must never happen is refused here too: counts below zero or that do not add up, a
// second live order, a terminal state that changes.

export const schemaVersion = 1

export const schema = `
CREATE TABLE IF NOT EXISTS sales (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  settings TEXT NOT NULL,
  phase TEXT NOT NULL,
  seed TEXT NOT NULL,
  -- How many numbers were in the draw; NULL before it.
  drawn INTEGER,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS stock (
  sale INTEGER NOT NULL,
  item TEXT NOT NULL,
  total INTEGER NOT NULL,
  available INTEGER NOT NULL CHECK (available >= 0),
  held INTEGER NOT NULL CHECK (held >= 0),
  sold INTEGER NOT NULL CHECK (sold >= 0),
  PRIMARY KEY (sale, item),
  CHECK (available + held + sold = total)
) STRICT, WITHOUT ROWID;

-- One row a batch of admitted tickets. It is there until each of its tickets has a row of its own.
CREATE TABLE IF NOT EXISTS intake (
  batch INTEGER PRIMARY KEY,
  sale INTEGER NOT NULL,
  first INTEGER NOT NULL,
  count INTEGER NOT NULL,
  entries TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS tickets (
  sale INTEGER NOT NULL,
  number INTEGER NOT NULL,
  user TEXT NOT NULL,
  item TEXT NOT NULL,
  key TEXT NOT NULL,
  state TEXT NOT NULL,
  version INTEGER NOT NULL,
  admitted_at INTEGER NOT NULL,
  deadline INTEGER NOT NULL,
  place INTEGER,
  eta INTEGER,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (sale, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER IF NOT EXISTS tickets_end_once BEFORE UPDATE OF state ON tickets
WHEN OLD.state NOT IN ('queued', 'waitlisted') AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'a ticket that has ended does not change'); END;

CREATE TABLE IF NOT EXISTS orders (
  sale INTEGER NOT NULL,
  number INTEGER NOT NULL,
  user TEXT NOT NULL,
  item TEXT NOT NULL,
  price INTEGER NOT NULL,
  state TEXT NOT NULL,
  offer INTEGER NOT NULL,
  -- Whether the payment provider may know of it: then it is closed there before the unit is given to anybody else.
  opened INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  pay_by INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (sale, number)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX IF NOT EXISTS orders_one_live ON orders (sale, user) WHERE state IN ('pending', 'paid');

CREATE TRIGGER IF NOT EXISTS orders_refunded_for_good BEFORE UPDATE OF state ON orders
WHEN OLD.state = 'refunded' AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'a refunded order does not change'); END;

CREATE TABLE IF NOT EXISTS payments (
  id TEXT PRIMARY KEY,
  sale INTEGER NOT NULL,
  number INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  state TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS payments_by_order ON payments (sale, number);

-- What is to be shown, written with the decision itself: one row a transaction.
CREATE TABLE IF NOT EXISTS outbox (
  id INTEGER PRIMARY KEY,
  sale INTEGER NOT NULL,
  at INTEGER NOT NULL,
  results TEXT NOT NULL,
  sent INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX IF NOT EXISTS outbox_unsent ON outbox (id) WHERE sent = 0;

-- What must be done outside, and is tried until it is: refunds and webhooks.
CREATE TABLE IF NOT EXISTS errands (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL,
  done_at INTEGER
) STRICT;

DROP INDEX IF EXISTS errands_due;
CREATE INDEX IF NOT EXISTS errands_due_of_kind ON errands (kind, due_at) WHERE done_at IS NULL;
-- The events of an order are told one after the other.
CREATE INDEX IF NOT EXISTS errands_of_order ON errands (kind, json_extract(body, '$.order')) WHERE done_at IS NULL;

-- What is left of a sale whose books were put away. Its rows elsewhere are deleted after it, some at a time.
CREATE TABLE IF NOT EXISTS past_sales (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  summary TEXT NOT NULL,
  put_away_at INTEGER NOT NULL,
  emptied INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Secrets that must outlive a restart: tokens given out before it stay good.
CREATE TABLE IF NOT EXISTS secrets (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who these books are, from their beginning on. No secret: it stands in what payments refer to.
INSERT OR IGNORE INTO secrets (name, value) VALUES ('books', lower(hex(randomblob(5))));
`
