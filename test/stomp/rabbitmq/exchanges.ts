// The frames that are sent to both servers: what is answered alike, and what is not, each with its reason.
import type { Step } from "./transcript.ts"

const connect = (versions = "1.2"): Step => [
  "CONNECT",
  { "accept-version": versions, host: "/", login: "guest", passcode: "guest" },
]

/** The last: RabbitMQ answers no receipt to DISCONNECT over a WebSocket. */
const bye: Step = ["SEND", { destination: "/topic/the.end", receipt: "bye" }, "x"]

const receipt = (name: string): Record<string, string> => ({ receipt: name })

/** Answered alike. */
export const alike: Readonly<Record<string, readonly Step[]>> = {
  "the highest common version": [connect("1.0,1.1,2.0"), bye],
  "no version: 1.0": [["CONNECT", { login: "guest", passcode: "guest" }], bye],
  "STOMP for CONNECT": [
    ["STOMP", { "accept-version": "1.2", host: "/", login: "guest", passcode: "guest" }],
    bye,
  ],
  "a message to who listens, with its headers": [
    connect(),
    ["SUBSCRIBE", { id: "sub-7", destination: "/topic/@", ...receipt("in") }],
    [
      "SEND",
      {
        destination: "/topic/@",
        colour: "red: dark\n",
        "x:y": "\\",
        "content-type": "application/json",
        ...receipt("out"),
      },
      '{"a":1}',
    ],
    bye,
  ],
  "a NUL within a body of a known length": [
    connect(),
    ["SUBSCRIBE", { id: "0", destination: "/topic/@", ...receipt("in") }],
    [
      "SEND",
      { destination: "/topic/@", "content-length": "5", "content-type": "text/x", ...receipt("out") },
      "a\0b\0c",
    ],
    bye,
  ],
  "a transaction that is committed, and one that is aborted": [
    connect(),
    ["SUBSCRIBE", { id: "0", destination: "/topic/@", ...receipt("in") }],
    // RabbitMQ answers what is in a transaction at its end.
    "BEGIN\ntransaction:a\n\n\0SEND\ndestination:/topic/@\ntransaction:a\ncontent-type:text/x\n\nnever\0ABORT\ntransaction:a\n\n\0BEGIN\ntransaction:b\n\n\0SEND\ndestination:/topic/@\ntransaction:b\ncontent-type:text/x\n\nkept\0COMMIT\ntransaction:b\nreceipt:done\n\n\0",
    bye,
  ],
  "nothing after UNSUBSCRIBE": [
    connect(),
    ["SUBSCRIBE", { id: "0", destination: "/topic/@", ...receipt("in") }],
    ["UNSUBSCRIBE", { id: "0", ...receipt("left") }],
    ["SEND", { destination: "/topic/@", ...receipt("out") }, "unheard"],
    bye,
  ],
  "no more than prefetch-count": [
    connect(),
    [
      "SUBSCRIBE",
      { id: "0", destination: "/topic/@", ack: "client", "prefetch-count": "1", ...receipt("in") },
    ],
    ["SEND", { destination: "/topic/@", "content-type": "text/x", ...receipt("1") }, "one"],
    ["SEND", { destination: "/topic/@", "content-type": "text/x", ...receipt("2") }, "two"],
    bye,
  ],
  "an unknown command": [connect(), "SHOUT\nreceipt:r\n\n\0"],
  "a SUBSCRIBE without a destination": [connect(), ["SUBSCRIBE", { id: "0", ...receipt("r") }]],
  "a SEND without a destination": [connect(), ["SEND", receipt("r"), "x"]],
  "an ACK of nothing": [connect(), ["ACK", { id: "x", ...receipt("r") }]],
  "a COMMIT of nothing": [connect(), ["COMMIT", { transaction: "x", ...receipt("r") }]],
  "an UNSUBSCRIBE of nothing": [connect(), ["UNSUBSCRIBE", { id: "x", ...receipt("r") }]],
  "no common version": [connect("2.1")],
  "a repeated header: the first": [
    connect(),
    ["SUBSCRIBE", { id: "0", destination: "/topic/@", ...receipt("in") }],
    "SEND\ndestination:/topic/@\ncolour:red\ncolour:blue\nreceipt:r\ncontent-type:text/x\n\nabc\0",
    bye,
  ],
  "blanks around a value": [
    connect(),
    ["SUBSCRIBE", { id: "0", destination: "/topic/@", ...receipt("in") }],
    "SEND\ndestination:/topic/@\ncolour: red \nreceipt:r\ncontent-type:text/x\n\nabc\0",
    bye,
  ],
  "carriage returns in 1.2": [
    connect(),
    ["SUBSCRIBE", { id: "0", destination: "/topic/@", ...receipt("in") }],
    "SEND\r\ndestination:/topic/@\r\ncolour:red\r\nreceipt:r\r\ncontent-type:text/x\r\n\r\nabc\0",
    bye,
  ],
  "a body without a type": [
    connect(),
    ["SUBSCRIBE", { id: "0", destination: "/topic/@", ...receipt("in") }],
    ["SEND", { destination: "/topic/@", ...receipt("out") }, "text"],
    bye,
  ],
  "1.0: a SUBSCRIBE without an id and with a body, ended by its destination": [
    ["CONNECT", { login: "guest", passcode: "guest" }],
    "SUBSCRIBE\ndestination:/topic/@\nreceipt:in\n\nbody\0",
    ["SEND", { destination: "/topic/@", "content-type": "text/x", ...receipt("out") }, "one"],
    ["UNSUBSCRIBE", { destination: "/topic/@", ...receipt("left") }],
    bye,
  ],
  "a SEND before CONNECT": [["SEND", { destination: "/topic/@" }, "x"]],
  "a heart-beat that is none": [
    ["CONNECT", { "accept-version": "1.2", host: "/", login: "guest", passcode: "guest", "heart-beat": "x" }],
  ],
  "an ABORT of nothing": [connect(), ["ABORT", { transaction: "x", ...receipt("r") }]],
  "a BEGIN without a name": [connect(), ["BEGIN", receipt("r")]],
  "a NACK of nothing": [connect(), ["NACK", { id: "x", ...receipt("r") }]],
  "a temporary queue": [connect(), ["SUBSCRIBE", { id: "0", destination: "/temp-queue/x", ...receipt("r") }]],
  "an unknown mode of ack": [
    connect(),
    ["SUBSCRIBE", { id: "0", destination: "/topic/@", ack: "maybe", ...receipt("r") }],
  ],
  "a prefetch-count that is none": [
    connect(),
    [
      "SUBSCRIBE",
      { id: "0", destination: "/topic/@", ack: "client", "prefetch-count": "x", ...receipt("r") },
    ],
  ],
}

interface Unlike {
  readonly why: string
  readonly steps: readonly Step[]
  /** Behind CONNECTED of 1.2 or 1.1, what each answers. */
  readonly here: readonly string[]
  readonly there: readonly string[]
}

const subscribed: Step = ["SUBSCRIBE", { id: "0", destination: "/topic/@", receipt: "in" }]
const sent = (headers: Record<string, string>, body = "x"): Step => [
  "SEND",
  { destination: "/topic/@", receipt: "out", ...headers },
  body,
]
const message = (body: string): string =>
  `MESSAGE ack content-length=${body.length} content-type=text/x destination=/topic/@ message-id subscription=0 ${JSON.stringify(body)}`

const [inIs, outIs, byeIs] = [
  "RECEIPT receipt-id=in",
  "RECEIPT receipt-id=out",
  "RECEIPT receipt-id=bye",
] as const
const error = "ERROR content-length content-type=text/plain message"

/** Not alike. */
export const unlike: readonly Unlike[] = [
  {
    why: "a SUBSCRIBE without an id is an error here: 1.2 says that it MUST have one",
    steps: [connect(), ["SUBSCRIBE", { destination: "/topic/@", ...receipt("in") }], bye],
    here: [error],
    there: [inIs, byeIs],
  },
  {
    why: "an id twice is an error here that is told: 1.2 says that they MUST differ; there the connection ends",
    steps: [connect(), subscribed, subscribed, bye],
    here: [inIs, error],
    there: [inIs, "(the end)"],
  },
  {
    why: "a transaction twice is an error here: 1.2 says that they MUST differ",
    steps: [
      connect(),
      ["BEGIN", { transaction: "t", ...receipt("in") }],
      ["BEGIN", { transaction: "t", ...receipt("out") }],
      bye,
    ],
    here: [inIs, error],
    there: [inIs, outIs, byeIs],
  },
  {
    why: "a body where none may be is an error here: 1.2 says that there MUST NOT be one",
    steps: [connect(), ["BEGIN", { transaction: "t", ...receipt("in") }, "body"], bye],
    here: [error],
    there: [inIs, byeIs],
  },
  {
    why: "a type that is no MIME type is refused here: 1.2 says that it MUST be one",
    steps: [connect(), subscribed, sent({ "content-type": "nonsense" }), bye],
    here: [inIs, error],
    there: [
      inIs,
      outIs,
      byeIs,
      'MESSAGE content-length=1 content-type=nonsense destination=/topic/@ message-id subscription=0 "x"',
    ],
  },
  {
    why: "JSON that is none is refused here, as by HTTP: who listens may rely on the type",
    steps: [connect(), subscribed, sent({ "content-type": "application/json" }, "{"), bye],
    here: [inIs, error],
    there: [
      inIs,
      outIs,
      byeIs,
      'MESSAGE content-length=1 content-type=application/json destination=/topic/@ message-id subscription=0 "{"',
    ],
  },
  {
    why: "text/plain goes unsaid here: it is what a body without a type is taken for, and Spring's JSON converters refuse it",
    steps: [connect(), subscribed, sent({ "content-type": "text/plain" }), bye],
    here: [inIs, outIs, byeIs, 'MESSAGE content-length=1 destination=/topic/@ message-id subscription=0 "x"'],
    there: [
      inIs,
      outIs,
      byeIs,
      'MESSAGE content-length=1 content-type=text/plain destination=/topic/@ message-id subscription=0 "x"',
    ],
  },
  {
    why: "a wrong content-length is told here before the connection ends",
    steps: [connect(), "SEND\ndestination:/topic/@\nreceipt:r\ncontent-length:1\n\nabc\0", bye],
    here: [error],
    there: ["(the end)"],
  },
  {
    why: "a header without a colon is told here before the connection ends",
    steps: [connect(), "SEND\ndestination:/topic/@\nnonsense\nreceipt:r\n\nabc\0", bye],
    here: [error],
    there: ["(the end)"],
  },
  {
    why: "an escape that is not defined is told here before the connection ends",
    steps: [connect(), "SEND\ndestination:/topic/@\nx:a\\tb\nreceipt:r\n\nabc\0", bye],
    here: [error],
    there: ["(the end)"],
  },
  {
    why: "a second CONNECT is told here before the connection ends",
    steps: [connect(), connect(), bye],
    here: [error],
    there: ["(the end)"],
  },
  {
    why: "a carriage return is part of a value in 1.1 here, as that version has it",
    steps: [connect("1.1"), "SEND\r\ndestination:/topic/@\r\nreceipt:in\r\n\r\nabc\0", bye],
    here: [error],
    there: [inIs, byeIs],
  },
  {
    why: "DISCONNECT is answered here, as every version has it",
    steps: [connect(), ["DISCONNECT", receipt("in")]],
    here: [inIs, "(the end)"],
    there: ["(the end)"],
  },
  {
    why: "a destination is a channel, whatever it begins with; there a few prefixes are known",
    steps: [connect(), ["SEND", { destination: "/orders/42", ...receipt("in") }, "x"], bye],
    here: [inIs, byeIs],
    there: [error],
  },
  {
    why: "a destination is a path; there a name without a slash is a queue",
    steps: [connect(), ["SEND", { destination: "orders", ...receipt("in") }, "x"], bye],
    here: [error],
    there: [inIs, byeIs],
  },
  {
    why: "patterns are not listened to here, and to pass one over would be worse than to say so",
    steps: [connect(), ["SUBSCRIBE", { id: "0", destination: "/topic/a.*", ...receipt("in") }], bye],
    here: [error],
    there: [inIs, byeIs],
  },
  {
    why: "a selector is not evaluated in either, and here that is said",
    steps: [
      connect(),
      ["SUBSCRIBE", { id: "0", destination: "/topic/@", selector: "a = 1", ...receipt("in") }],
      bye,
    ],
    here: [error],
    there: [inIs, byeIs],
  },
  {
    why: "a temporary queue to answer to would be everybody's channel here, and is refused",
    steps: [
      connect(),
      ["SEND", { destination: "/topic/@", "reply-to": "/temp-queue/x", ...receipt("in") }, "x"],
      bye,
    ],
    here: [error],
    there: [inIs, byeIs],
  },
  {
    why: "a queue is fan-out here, as in Spring's simple broker; there one consumer gets each message",
    steps: [
      connect(),
      ["SUBSCRIBE", { id: "0", destination: "/queue/@", ...receipt("in") }],
      ["SUBSCRIBE", { id: "1", destination: "/queue/@", ...receipt("in") }],
      ["SEND", { destination: "/queue/@", "content-type": "text/x", ...receipt("out") }, "x"],
      bye,
    ],
    here: [
      inIs,
      inIs,
      outIs,
      byeIs,
      'MESSAGE content-length=1 content-type=text/x destination=/queue/@ message-id subscription=0 "x"',
      'MESSAGE content-length=1 content-type=text/x destination=/queue/@ message-id subscription=1 "x"',
    ],
    there: [
      inIs,
      inIs,
      outIs,
      byeIs,
      'MESSAGE content-length=1 content-type=text/x destination=/queue/@ message-id subscription=0 "x"',
    ],
  },
  {
    why: "nothing is delivered again for a NACK here: it is counted and told to the application",
    steps: [
      connect(),
      ["SUBSCRIBE", { id: "0", destination: "/topic/@", ack: "client-individual", ...receipt("in") }],
      sent({ "content-type": "text/x" }),
      ["NACK", { id: "$ack", ...receipt("nacked") }],
      bye,
    ],
    here: [inIs, outIs, "RECEIPT receipt-id=nacked", byeIs, message("x")],
    there: [inIs, outIs, "RECEIPT receipt-id=nacked", byeIs, message("x"), message("x")],
  },
  {
    why: "a passcode is not looked at here while no credentials are configured",
    steps: [["CONNECT", { "accept-version": "1.2", host: "/", login: "guest", passcode: "wrong" }], bye],
    here: [byeIs],
    there: [error],
  },
  {
    why: "`host` is not looked at here: there are no virtual hosts",
    steps: [
      ["CONNECT", { "accept-version": "1.2", host: "nowhere", login: "guest", passcode: "guest" }],
      bye,
    ],
    here: [byeIs],
    there: [error],
  },
]
