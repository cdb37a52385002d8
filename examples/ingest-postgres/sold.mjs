// Writes who has won, and in the same transaction what is to be told of it.
import pg from "pg"

const shop = new pg.Client(process.env.POSTGRES ?? "postgres://laba:secret@127.0.0.1:5432/shop")
await shop.connect()
await shop.query("CREATE TABLE IF NOT EXISTS sale_result (sale int, buyer int, status text)")
const result = { userId: 42, saleId: 7, status: "won", result: { order: "A-1", price: 1 } }
await shop.query("BEGIN")
await shop.query("INSERT INTO sale_result VALUES (7, 42, 'won')")
await shop.query("INSERT INTO laba_outbox (topic, key, body) VALUES ('sale-results', '42', $1)", [
  JSON.stringify(result),
])
await shop.query("COMMIT")
await shop.end()
