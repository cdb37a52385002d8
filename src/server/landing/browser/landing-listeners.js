// Three ways to listen at a channel with what every browser has, behind one shape:
//
//   listen(channel, after, events) → stop()
//
// `after` is a cursor or null for "from now on". `events` is told `opened(cursor)`, `heard({ text, cursor })`,
// `reset(cursor)` and `waiting()`; a listener comes back by itself, from the last cursor it saw, until it is stopped or
// `events` is told `refused(code)`.

const backOffMs = (tries) => Math.random() * Math.min(20_000, 500 * 2 ** tries)

const textOf = (data) => (typeof data === "string" ? data : JSON.stringify(data))

/** The code with which the server said no for good; null when coming back may help. */
async function refusalOf(response) {
  const { code, retry } = await response.json().catch(() => ({}))
  return retry === "stay-away" ? code : null
}

/** By the subprotocol `laba.v1`: every frame carries its cursor. */
export function listenByWebSocket(channel, after, events) {
  let cursor = after
  let tries = 0
  let socket
  let timer

  const hear = (frame) => {
    // Not recovered: a reset follows. Were its cursor taken before it came, a cut between the two would hide it.
    if (frame.cursor && (frame.op !== "subscribed" || cursor === null || frame.recovered))
      cursor = frame.cursor
    if (frame.op === "subscribed") {
      tries = 0
      events.opened(cursor)
    } else if (frame.op === "message") events.heard({ text: textOf(frame.data), cursor })
    else if (frame.op === "reset") events.reset(cursor)
    else if (frame.op === "error" && frame.retry === "stay-away") {
      stop()
      events.refused(frame.code)
    }
  }
  const connect = () => {
    socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/_/ws`, "laba.v1")
    socket.onopen = () =>
      socket.send(JSON.stringify({ op: "subscribe", channel, ...(cursor === null ? {} : { after: cursor }) }))
    socket.onmessage = (event) => hear(JSON.parse(event.data))
    socket.onclose = () => {
      events.waiting()
      timer = setTimeout(connect, backOffMs(tries++))
    }
  }
  const stop = () => {
    clearTimeout(timer)
    socket.onclose = socket.onmessage = null
    socket.close()
  }
  connect()
  return stop
}

/** By EventSource: `id:` is the cursor, and the browser itself sends it back after a lost connection. */
export function listenByEvents(channel, after, events) {
  let cursor = after
  let tries = 0
  let source
  let timer
  let isStopped = false

  const note = (event) => (cursor = event.lastEventId)
  const connect = () => {
    source = new EventSource(cursor === null ? channel : `${channel}?after=${encodeURIComponent(cursor)}`)
    source.addEventListener("position", (event) => {
      tries = 0
      // Not recovered: a reset follows, and brings the cursor.
      if (cursor === null || JSON.parse(event.data).recovered) note(event)
      events.opened(cursor)
    })
    source.addEventListener("message", (event) => events.heard({ text: event.data, cursor: note(event) }))
    source.addEventListener("reset", (event) => events.reset(note(event)))
    source.onerror = () => {
      events.waiting()
      // After an answer that is no stream the browser gives up for good; then it is for us to come back.
      if (source.readyState === EventSource.CLOSED)
        void ask()
          .catch(() => null)
          .then(comeBack)
    }
  }
  /** An EventSource does not tell what it was answered; the same request by hand does. */
  const ask = async () => {
    const response = await fetch(source.url, { headers: { accept: "text/event-stream" } })
    if (!response.ok) return refusalOf(response)
    await response.body.cancel()
    return null
  }
  const comeBack = (code) => {
    if (isStopped) return
    if (code) events.refused(code)
    else timer = setTimeout(connect, backOffMs(tries++))
  }
  connect()
  return () => {
    isStopped = true
    clearTimeout(timer)
    source.close()
  }
}

/** By long-polling: ask for what comes after the cursor, again and again. */
export function listenByPoll(channel, after, events) {
  const stopped = new AbortController()
  let cursor = after

  const turn = async () => {
    // Without a cursor the first answer is asked for at once: it brings the cursor of now.
    const query = cursor === null ? "wait=0" : `wait=25&after=${encodeURIComponent(cursor)}`
    if (cursor !== null) events.opened(cursor)
    const response = await fetch(`${channel}?${query}`, { signal: stopped.signal, cache: "no-store" })
    if (!response.ok) {
      const code = await refusalOf(response)
      if (code === null) throw new Error(`the poll was answered with ${response.status}`)
      stopped.abort()
      return events.refused(code)
    }
    const page = await response.json()
    cursor = page.cursor
    if (page.reset) events.reset(cursor)
    for (const message of page.messages) events.heard({ text: textOf(message.data), cursor: message.cursor })
  }
  const run = async () => {
    let tries = 0
    while (!stopped.signal.aborted) {
      try {
        await turn()
        tries = 0
      } catch {
        if (stopped.signal.aborted) return
        events.waiting()
        await new Promise((wake) => setTimeout(wake, backOffMs(tries++)))
      }
    }
  }
  void run()
  return () => stopped.abort()
}
