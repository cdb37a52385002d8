// Carries out what a client says in laba.v1, a command at a time. What is wrong with it is answered, never thrown.
import { type Position, printCursor } from "../../../wire/cursor.ts"
import { LabaError } from "../../../wire/error.ts"
import type { JsonText } from "../../../wire/json-scan.ts"
import { nextDue } from "../../access/limits/rate-limiter.ts"
import { readChannel } from "../../access/rules/own-channels.ts"
import type { Channel } from "../../channels/channel.ts"
import { checkIdempotencyKey } from "../../protocols/idempotency-key.ts"
import { readJsonPayload } from "../../protocols/json-payload.ts"
import type { Command, PublishCommand } from "../../protocols/laba/commands.ts"
import { printFrame } from "../../protocols/laba/frames.ts"
import { renewClient } from "../connections/client.ts"
import { readCursor } from "../cursors.ts"
import type { LabaConversation } from "./laba-conversation.ts"
import { PresenceWatch } from "./presence-watch.ts"

/** Carries out one command, of a frame of so many characters. What is wrong with it is answered, never thrown. */
export function executeCommand(
  conversation: LabaConversation,
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

function dispatch(conversation: LabaConversation, frame: Command): Promise<void> | void {
  switch (frame.op) {
    case "subscribe": {
      const channel = channelOf(conversation, frame.channel)
      const after = readCursor(frame.after, channel)
      checkSubscribeRate(conversation)
      permitSubscribe(conversation, channel, after)
      const asked = conversation.context.askToSubscribe(conversation.connection, channel)
      if (!asked) return subscribeInTurn(conversation, channel, after, frame.ref)
      return asked.then(() => {
        permitSubscribe(conversation, channel, after)
        return subscribeInTurn(conversation, channel, after, frame.ref)
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

/** Subscribes once the channel is open on this node, so that what was asked next is answered after it. */
function subscribeInTurn(
  conversation: LabaConversation,
  channel: Channel,
  after: Position | null,
  ref?: JsonText,
): Promise<void> | void {
  const subscribe = (release: () => void, isLater: boolean): void => {
    try {
      if (conversation.connection.closed) return
      // What the client may can have changed while it waited.
      if (isLater) permitSubscribe(conversation, channel, after)
      conversation.subscribe(channel, after, ref)
    } finally {
      release()
    }
  }
  const prepared = conversation.context.hub.prepare(channel)
  if (!(prepared instanceof Promise)) return subscribe(prepared, false)
  return prepared.then((release) => subscribe(release, true))
}

function channelOf(conversation: LabaConversation, name: string): Channel {
  return readChannel(conversation.connection.client.identity, name, "body")
}

function answerPresence(
  conversation: LabaConversation,
  { channel: name, ref, watch }: Command & { op: "presence" },
): Promise<void> {
  const channel = channelOf(conversation, name)
  checkSubscribeRate(conversation)
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

function permitSubscribe(conversation: LabaConversation, channel: Channel, after: Position | null): void {
  const { access } = conversation.context
  const { identity } = conversation.connection.client
  access.may(identity, "listen", channel)
  if (after) access.may(identity, "history", channel)
}

/** What costs the server a look at other nodes is not done in a loop. Throws `too_many_requests`. */
function checkSubscribeRate(conversation: LabaConversation): void {
  const { limits } = conversation.context
  const next = nextDue(
    conversation.nextSubscribeMs,
    performance.now(),
    limits.subscribesPerConnectionPerSecond,
  )
  if (next === null)
    throw new LabaError("too_many_requests", "Too many subscribes in a second on this connection.", {
      retryAfterSeconds: Math.max(1, Math.ceil((conversation.nextSubscribeMs - performance.now()) / 1000)),
      limit: "subscribesPerConnectionPerSecond",
    })
  conversation.nextSubscribeMs = next
}

/** Takes a new token for the old one. What it no longer lets the client listen to is ended. */
async function renewToken(
  conversation: LabaConversation,
  { token, ref }: Command & { op: "token" },
): Promise<void> {
  const { access, admission, connections } = conversation.context
  const identity = await access.verify(token)
  const { connection } = conversation
  if (connection.user !== undefined && identity.user !== connection.user)
    throw new LabaError("forbidden", "A connection stays its user's; open another one for another user.")
  if (connection.closed) return
  if (connection.user === undefined && identity.user !== undefined) {
    admission.checkUser(identity.user)
    connections.nameUser(connection, identity.user)
    for (const subscription of conversation.subscriptions)
      subscription.joinPresence(conversation.context.presence)
  }
  renewClient(connection, identity, conversation.context)
  const expires = Math.max(0, Math.floor((identity.expiresAtMs - Date.now()) / 1000))
  connection.send(printFrame({ op: "token", expires }, ref))
  conversation.endForbidden((action, channel) => {
    const { allowed, detail } = access.decide(identity, action, channel)
    return allowed ? null : detail
  })
}

async function publish(conversation: LabaConversation, frame: PublishCommand): Promise<void> {
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
function answerError(conversation: LabaConversation, error: unknown, frame: Command, chars: number): void {
  const known =
    error instanceof LabaError ? error : new LabaError("internal", "The command failed.", { cause: error })
  if (frame.op === "publish") conversation.context.counters.countRefusedPublish(known.code)
  if (known.code === "internal") conversation.context.reportFailure(conversation.connection, error)
  if (frame.ref !== undefined) conversation.refuse(known, { ref: frame.ref }, chars)
  else if (frame.op === "subscribe") conversation.refuse(known, { channel: frame.channel }, chars)
  else conversation.end(known)
}
