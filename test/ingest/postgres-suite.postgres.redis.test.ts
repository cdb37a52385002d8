// The suite of all sources, at an outbox of PostgreSQL.
import { postgresDriver } from "./drivers/postgres.ts"
import { testSource } from "./suite.ts"

testSource("an outbox of PostgreSQL", postgresDriver)
