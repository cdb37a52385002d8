// The suite of all sources, at an outbox of PostgreSQL. Its broker takes seconds to start, for each test anew: one engine here, the other in
// `npm run campaign -- ingest`.
import { postgresDriver } from "./drivers/postgres.ts"
import { testSource } from "./suite.ts"

testSource("an outbox of PostgreSQL", postgresDriver, ["redis"])
