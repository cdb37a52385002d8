// What can be configured, as its user writes it. The comments here, beside it and in wire/limits.ts are also the texts of
// docs/guide/configuration.md and docs/config.schema.json (see documents/reference.ts).
import type { Limits } from "../../../wire/limits.ts"
import type { SlowPolicy } from "../../channels/channel.ts"
import type { LogFormat, LogLevel } from "../../telemetry/log-options.ts"
import type { KeyInput, PermissionsInput, TokensInput } from "./access-input.ts"
import type { HookInput } from "./hooks-input.ts"
import type { IngestInput } from "./ingest-input.ts"
import type { StompInput } from "./stomp-input.ts"
import type { SockJsInput } from "./sockjs-input.ts"
import type { WatchInput } from "./watch-input.ts"

/** What the config file holds, and what `serve()` takes. Everything may be left out. */
export interface ConfigInput {
  /** Where the server listens. */
  readonly listen?: ListenInput
  /** What carries messages and remembers them. Default `memory`: everything in one process, nothing kept over a restart. `sqlite:` and a directory, such as `sqlite:./data`: kept there; one process a directory. `redis://host:6379`, `redis-sentinel://host1,host2/master` or `redis-cluster://host1,host2`, with `user:password@` before the hosts and `rediss` for TLS: kept in Redis 7 or newer, for any number of nodes. */
  readonly engine?: string
  /** For the engine `sqlite`. */
  readonly sqlite?: SqliteInput
  /** For the engine `redis`. The same on every node. */
  readonly redis?: RedisInput
  /** This node among others. Means something with the engine `redis` only. */
  readonly node?: NodeInput
  /** Rules for channels, by pattern: `*` is one part of a name, `**` at the end any number of parts. The most specific pattern wins; the order does not matter. */
  readonly channels?: { readonly [pattern: string]: ChannelInput }
  /** The keys of backends. With keys or tokens, who may do what follows from rules; without both, everybody may do everything and only this machine is let in. */
  readonly keys?: readonly KeyInput[]
  /** The tokens of clients: JSON Web Tokens, signed by whoever logs people in. */
  readonly tokens?: TokensInput
  /** Origins whose web pages may use the server, such as `https://shop.example`; `*` is all of them. With a list, pages of every other origin are refused, WebSockets too. Default: no page is refused, and none of another origin may read answers. */
  readonly origins?: readonly string[]
  /** Proxies whose `X-Forwarded-For` is believed: addresses and networks such as `10.0.0.0/8`. Default none. */
  readonly proxies?: readonly string[]
  /** SockJS, for clients that speak it, such as those of Spring. */
  readonly sockjs?: SockJsInput
  /** The bounds that clients can meet. */
  readonly limits?: LimitsInput
  /** Serves `https` and `wss` instead of `http` and `ws`. The files are read at start. */
  readonly tls?: TlsInput
  /** Where STOMP is spoken besides `/_/stomp`. */
  readonly stomp?: StompInput
  /** What a node writes down about itself, on standard error. */
  readonly log?: LogInput
  /** Channels that must be heard from: somebody is told when one is silent, and when it is back. */
  readonly watch?: readonly WatchInput[]
  /** Messages of other systems, such as Kafka and RabbitMQ, that become messages of channels: by a name of yours, where they come from and where they go. A text within may hold `${NAME}`: the environment variable of that name, for passwords. */
  readonly ingest?: { readonly [name: string]: IngestInput }
  /** Backends that are asked by HTTP who may connect and what becomes of a client's message, and told who has gone. */
  readonly hooks?: readonly HookInput[]
  /** Whether an address that is not loopback may be listened on although nobody has to show a credential. Default false. */
  readonly open?: boolean
  /** For editors: where the JSON schema of this file is. Laba does not read it. */
  readonly $schema?: string
}

interface ListenInput {
  /** A host name or an address; `0.0.0.0` or `::` are all addresses of the machine. Default `127.0.0.1`: this machine only. */
  readonly host?: string
  /** A TCP port; 0 is any free one, named when the server is ready. Default 8080. */
  readonly port?: number
}

interface SqliteInput {
  /** When a publish is answered and delivered. Default `durable`: once it is on the disk. `first`: before that, so that a crash or a power cut may lose the last messages, and resets every cursor. */
  readonly acknowledge?: "durable" | "first"
  /** Bytes of history on disk, all channels together, a size; the least recently used are trimmed first. Default 4GB. What of it is held in memory is `limits.historyBytesMax`. */
  readonly diskBytesMax?: number | string
}

interface RedisInput {
  /** How messages come to the nodes. Default `targeted`: each only to nodes where somebody listens to its channel. `broadcast`: every message to every node, which drops what nobody there listens to; less work for a node with very many channels. */
  readonly routing?: "targeted" | "broadcast"
  /** Begins the name of every key. Default `laba`. With different ones, several Labas share a Redis and nothing else. */
  readonly prefix?: string
  /** Bytes of history in Redis, all channels together, a size; the least recently used are trimmed first. Default 1GB. Set less than the `maxmemory` of Redis. */
  readonly historyBytesMax?: number | string
  /** Whether cursors stay valid over a restart of Redis after which nothing is missing: every node that was alive is asked what it saw, and one that does not answer within its lease, or a replica, resets all. Default false: every restart of Redis resets all. The same on every node. */
  readonly durable?: boolean
  /** A PEM file with the authorities that the certificate of a `rediss` server is checked with. Default: those this machine trusts. */
  readonly ca?: string
}

interface NodeInput {
  /** What this node is called, in lists and logs. Default: made anew at each start. Give one that stays over restarts. */
  readonly name?: string
  /** Where this node can be called at by whoever is in the same network, such as `http://10.0.0.7:8080`. Default: where it listens; when that is everywhere, the first address of the machine that is not its own loop, which in a container is the container's. */
  readonly advertise?: string
  /** How long a node that says nothing counts as alive, a time. Default 10s: a busy second is no death, and nobody waits long for a dead node. */
  readonly lease?: number | string
}

export interface TlsInput {
  /** A PEM file: the certificate of this server, then the ones between it and its authority. */
  readonly cert: string
  /** A PEM file: the private key that belongs to it, without a passphrase. */
  readonly key: string
  /** A PEM file with authorities of clients. With it, only clients with a certificate of one of them are let in. */
  readonly ca?: string
}

interface LogInput {
  /** The least grave that is written. Default `warn`: nothing while all is well. `info` tells of starts, drains and reloads too, `debug` of every refused request. */
  readonly level?: LogLevel
  /** `json`: a line of JSON an event, for machines. `pretty`: columns for people. Default: `pretty` at a terminal, else `json`. */
  readonly format?: LogFormat
}

export interface ChannelInput extends PermissionsInput {
  /** How much of each channel is kept to resume from. `none` keeps nothing: the channel is lossy and says so. */
  readonly history?: "none" | HistoryInput
  /** What happens to a reader that is too slow. Default `disconnect`: it is closed, comes back and resumes. `latest`: it skips to the newest message, and is closed only when it takes nothing for a minute, or lets answers pile up. */
  readonly slow?: SlowPolicy
}

/** All three bounds hold at once. */
interface HistoryInput {
  /** Messages kept. Default 100. */
  readonly count?: number
  /** Bytes of payload kept, a size. Default 256KB, or `limits.historyBytesMax` when that is less. */
  readonly bytes?: number | string
  /** How long a message is kept, a time. Default 1m. */
  readonly time?: number | string
  /** What all channels of this pattern together may have of the engine's budget when that is used up, a size: what is beyond it goes first, the least recently used. Default: no part of their own; each publisher has a share then. */
  readonly budget?: number | string
}

/** The members of `Limits`. Bytes may be written as a size (`64KB`), seconds as a time (`25s`). */
type LimitsInput = {
  readonly [Name in keyof Limits]?: Name extends `${string}${"Bytes" | "Seconds"}${string}`
    ? number | string
    : number
}
