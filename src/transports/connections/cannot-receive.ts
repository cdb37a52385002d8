// Why something could not be pushed to a connection by its id, in words that say what to do instead.
import { LabaError } from "../../../wire/error.ts"
import type { Connection } from "./connection.ts"

export const cannotReceive = ({ protocol }: Pick<Connection, "protocol">): LabaError =>
  new LabaError(
    "cannot_receive",
    protocol === "stomp"
      ? "This client is not subscribed to `/user/queue/direct`, where it would come; publish to a channel instead."
      : "This connection is a poll; publish to a channel instead.",
  )
