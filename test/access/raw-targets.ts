// A request whose target goes out byte for byte, as no client would send it.
import { RawConnection } from "../support/raw-tcp.ts"

/** Sends a target, each character one byte, and answers the status and the body. */
export async function askTarget(
  base: string,
  target: string,
  headers: readonly string[] = [],
  method = "GET",
) {
  await using connection = await RawConnection.open(base)
  const lines = [`Host: ${new URL(base).host}`, "Content-Length: 0", ...headers]
  const request = `${method} ${target} HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`
  connection.send(Buffer.from(request, "latin1"))
  return (await connection.answer()) ?? { status: 0, body: "" }
}
