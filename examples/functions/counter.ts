// A queue at a counter, as three functions: whoever connects to /counter/<desk> draws a number, and whoever says "next" calls the
// next one. It holds no socket: `laba functions examples/functions --with-laba`, then
// `npx wscat -c ws://127.0.0.1:8080/counter/1`.
import type { FunctionFile } from "../../src/hooks/function-file.ts"

export const pattern = "/counter/*"

export const register: FunctionFile["register"] = ({ connection, channel, query }, { database }) => {
  database
    .query(
      "CREATE TABLE IF NOT EXISTS tickets(number INTEGER PRIMARY KEY, desk TEXT, connection TEXT, name TEXT)",
    )
    .run()
  const name = new URLSearchParams(query).get("name") ?? "somebody"
  if (name.length > 40) return { refuse: "That name is too long." }
  const row = database
    .query<{ number: number }>(
      "INSERT INTO tickets(desk, connection, name) VALUES (?, ?, ?) RETURNING number",
    )
    .get(channel, connection, name)
  const number = row?.number ?? 0
  return { state: String(number), reply: `You are number ${number}.` }
}

export const transport: FunctionFile["transport"] = async ({ data, channel, state }, { database, laba }) => {
  if (data !== "next") return { reply: `You are still number ${state}. Say "next" to call the next one.` }
  const next = database
    .query<{ number: number; connection: string; name: string }>(
      "SELECT number, connection, name FROM tickets WHERE desk = ? ORDER BY number LIMIT 1",
    )
    .get(channel)
  if (!next) return { reply: "Nobody is waiting." }
  database.query("DELETE FROM tickets WHERE number = ?").run(next.number)
  await laba.push(next.connection, "It is your turn!")
  return { publish: { data: `Number ${next.number}, ${next.name}, please.`, type: "text/plain" } }
}

export const unregister: FunctionFile["unregister"] = ({ connection }, { database }) => {
  database.query("DELETE FROM tickets WHERE connection = ?").run(connection)
}
