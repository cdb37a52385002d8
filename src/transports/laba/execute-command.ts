// Carries out what a client says in laba.v1, a command at a time. What is wrong with it is answered, never thrown.
import { type Position, printCursor } from "../../../wire/cursor.ts"
import { LabaError } from "../../../wire/error.ts"
import type { JsonText } from "../../../wire/json-scan.ts"
import { readChannel } from "../../access/rules/own-channels.ts"
import type { Channel } from "../../channels/channel.ts"
import { checkIdempotencyKey } from "../../protocols/idempotency-key.ts"
import { readJsonPayload } from "../../protocols/json-payload.ts"
import type { Command, PublishCommand } from "../../protocols/laba/commands.ts"
import { type ErrorPlace, printFrame } from "../../protocols/laba/frames.ts"
import type { WhyForbidden } from "../connections/connection.ts"
import { signIn } from "../conversation/sign-in.ts"
import { permitListening, subscribeInTurn } from "../conversation/subscribing.ts"
import { readCursor } from "../cursors.ts"
import type { TransportContext } from "../transport-context.ts"
import type { LabaConnection } from "./laba-connection.ts"
import { PresenceWatch } from "./presence-watch.ts"
import type { Subscription } from "./subscription.ts"
import type { Subscriptions } from "./subscriptions.ts"

/** The conversation in which a command was said, as far as commands change it. */
interface CommandedConversation {
  readonly context: TransportContext
  readonly connection: LabaConnection
  readonly subscriptions: Subscriptions
  presence: PresenceWatch | null
  subscribe(channel: Channel, after: Position | null, ref?: JsonText): void
  remove(subscription: Subscription): boolean
  countSubscribe(): void
  endForbidden(whyForbidden: WhyForbidden): void
  refuse(error: LabaError, where: ErrorPlace, chars: number): void
  end(error: LabaError): void
}

/** Carries out one command, of a frame of so many characters. What is wrong with it is answered, never thrown. */
export function executeCommand(
  conversation: CommandedConversation,
  frame: Command,
  chars = 0,
): Promise<void> | void {
  try {
    const work = dispatch(conversation, frame)
    if (work) return work.catch((error: unknown) => answerError(conversation, error, frame, chars))
  } catch (error) {
    answerError(conversation, error, frame, chars)
  }
}

function dispatch(conversation: CommandedConversation, frame: Command): Promise<void> | void {
  switch (frame.op) {
    case "subscribe": {
      const channel = channelOf(conversation, frame.channel)
      const after = readCursor(frame.after, channel)
      conversation.countSubscribe()
      const { context, connection } = conversation
      return subscribeInTurn({
        context,
        connection,
        channel,
        permit: () => permitListening(context.access, connection.client.identity, { channel, after }),
        join: () => conversation.subscribe(channel, after, frame.ref),
      })
    }
    case "unsubscribe": {
      const channel = channelOf(conversation, frame.channel)
      const known = conversation.subscriptions.get(channel)
      if (known) conversation.remove(known)
      return conversation.connection.send(printFrame({ op: "unsubscribed", channel }, frame.ref))
    }
    case "publish":
      return publish(conversation, frame)
    case "presence":
      return answerPresence(conversation, frame)
    case "token":
      return renewToken(conversation, frame)
    case "ping":
      return conversation.connection.send(printFrame({ op: "pong" }, frame.ref))
    default:
      return frame satisfies never
  }
}

function channelOf(conversation: CommandedConversation, name: string): Channel {
  return readChannel(conversation.connection.client.identity, name, "body")
}

function answerPresence(
  conversation: CommandedConversation,
  { channel: name, ref, watch }: Command & { op: "presence" },
): Promise<void> {
  const channel = channelOf(conversation, name)
  conversation.countSubscribe()
  const permit = (): void =>
    conversation.context.access.may(conversation.connection.client.identity, "presence", channel)
  permit()
  const presence = (conversation.presence ??= new PresenceWatch(
    conversation.connection,
    conversation.context,
  ))
  const answer = (): Promise<void> => presence.answer({ channel, ref, watch, permit })
  // Who is there is news of a channel. Whoever listens to it was let in already, and who looks away needs no leave.
  const isKnown = watch === false || conversation.subscriptions.get(channel) !== undefined
  const asked = isKnown ? undefined : conversation.context.askToSubscribe(conversation.connection, channel)
  return asked ? asked.then(answer) : answer()
}

/** Takes a new token for the old one. What it no longer lets the client listen to is ended. */
async function renewToken(
  conversation: CommandedConversation,
  { token, ref }: Command & { op: "token" },
): Promise<void> {
  const { connection, context } = conversation
  const identity = await context.access.verify(token)
  if (connection.closed) return
  const wasNamed = connection.user !== undefined
  signIn(connection, identity, context)
  if (!wasNamed && connection.user !== undefined)
    for (const subscription of conversation.subscriptions) subscription.joinPresence(context.presence)
  const expires = Math.max(0, Math.floor((identity.expiresAtMs - Date.now()) / 1000))
  connection.send(printFrame({ op: "token", expires }, ref))
  conversation.endForbidden((action, channel) => {
    const { allowed, detail } = context.access.decide(identity, action, channel)
    return allowed ? null : detail
  })
}

async function publish(conversation: CommandedConversation, frame: PublishCommand): Promise<void> {
  const { ref } = frame
  const channel = channelOf(conversation, frame.channel)
  const published = await conversation.context.publishFor(conversation.connection, {
    channel,
    key: frame.key === undefined ? undefined : checkIdempotencyKey(frame.key),
    payload: () => readJsonPayload(frame, "bad_frame"),
  })
  if (!published) return conversation.connection.send(printFrame({ op: "accepted", channel }, ref))
  const { position, id, duplicate, listeners, history } = published
  const cursor = printCursor(channel, position)
  conversation.connection.send(
    printFrame({ op: "published", channel, cursor, id, duplicate, listeners, history }, ref),
  )
}

/** Without a `ref` a failed `subscribe` is told by its channel; anything else would be lost in silence, so it ends the connection. */
function answerError(
  conversation: CommandedConversation,
  error: unknown,
  frame: Command,
  chars: number,
): void {
  const known =
    error instanceof LabaError ? error : new LabaError("internal", "The command failed.", { cause: error })
  if (frame.op === "publish") conversation.context.counters.countRefusedPublish(known.code)
  if (known.code === "internal") conversation.context.reportFailure(conversation.connection, error)
  if (frame.ref !== undefined) conversation.refuse(known, { ref: frame.ref }, chars)
  else if (frame.op === "subscribe") conversation.refuse(known, { channel: frame.channel }, chars)
  else conversation.end(known)
}
