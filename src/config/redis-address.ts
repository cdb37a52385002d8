// Reads the address of a Redis: one server, a master that Sentinels know, or a Cluster. Never prints a secret.

/** Where Redis is, and how to come in. */
export interface RedisAddress {
  readonly kind: "single" | "sentinel" | "cluster"
  readonly tls: boolean
  /** The server, the Sentinels, or some nodes of the Cluster; at least one. */
  readonly hosts: readonly RedisHost[]
  /** What the Sentinels call the master; empty without Sentinels. */
  readonly masterName: string
  readonly username: string | null
  readonly password: string | null
  /** The number of the database; always 0 in a Cluster. */
  readonly database: number
}

export interface RedisHost {
  readonly host: string
  readonly port: number
}

const scheme = /^redis(s?)(?:-(sentinel|cluster))?:\/\//

/** Either an address, or in one sentence, without any secret, why it is none. */
type ReadAddress =
  | { readonly address: RedisAddress }
  | {
      /** Completes the sentence "The address …". */
      readonly wrong: string
    }

/**
 * Reads `redis://[[user]:password@]host[:port][/database]`, `redis-sentinel://[…@]host[:port],…/master[/database]` or
 * `redis-cluster://[…@]host[:port],…`; with `rediss` all connections are encrypted.
 */
export function readAddress(text: string): ReadAddress {
  const start = scheme.exec(text)
  if (!start) return { wrong: "begins with redis://, redis-sentinel:// or redis-cluster://" }
  const kind = (start[2] ?? "single") as RedisAddress["kind"]
  const rest = text.slice(start[0].length)
  if (/[\s?#]/.test(rest)) return { wrong: "holds no space, no ? and no #; escape them as %20, %3F and %23" }
  // A password may hold any character that is escaped, and an @ that is not: the last one is the border.
  const at = rest.lastIndexOf("@")
  const login = at < 0 ? null : readLogin(rest.slice(0, at))
  if (login === undefined) return { wrong: "has a broken % escape in its user or password" }
  // What a variable that nobody set leaves behind: without it we would come in as anybody.
  if (login?.password === "" || (login?.username === "" && login.password === null))
    return { wrong: "has an empty password; where there is none, leave its : or @ out, too" }
  const [places = "", ...path] = rest.slice(at + 1).split("/")
  const hosts = places.split(",").map((place) => readHost(place, kind === "sentinel" ? 26_379 : 6379))
  if (hosts.includes(null)) return { wrong: "needs a host, or host:port with a port from 1 to 65535" }
  if (kind === "single" && hosts.length > 1)
    return { wrong: "names one host; several are for redis-sentinel:// or redis-cluster://" }
  const masterName = kind === "sentinel" ? (path.shift() ?? "") : ""
  if (kind === "sentinel" && !/^[\w.-]{1,100}$/.test(masterName))
    return { wrong: "ends with the master's name, as in redis-sentinel://host1,host2/mymaster" }
  const [database = "", ...more] = path
  if (more.length > 0 || !/^\d{0,4}$/.test(database) || (kind === "cluster" && Number(database) > 0))
    return {
      wrong:
        kind === "cluster"
          ? "ends after its hosts: a Cluster has one database"
          : "ends with the number of a database, or with nothing",
    }
  return {
    address: {
      kind,
      tls: start[1] === "s",
      hosts: hosts as RedisHost[],
      masterName,
      username: login?.username || null,
      password: login?.password ?? null,
      database: Number(database),
    },
  }
}

/** An address for people: without user and password. */
export function printAddress({ kind, tls, hosts, masterName }: RedisAddress): string {
  const places = hosts.map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`)
  const name = `${tls ? "rediss" : "redis"}${kind === "single" ? "" : `-${kind}`}`
  return `${name}://${places.join(",")}${masterName && `/${masterName}`}`
}

function readLogin(text: string): { username: string; password: string | null } | undefined {
  const colon = text.indexOf(":")
  try {
    return {
      username: decodeURIComponent(colon < 0 ? text : text.slice(0, colon)),
      password: colon < 0 ? null : decodeURIComponent(text.slice(colon + 1)),
    }
  } catch {
    return undefined
  }
}

function readHost(text: string, standardPort: number): RedisHost | null {
  const match = /^(\[[\da-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/.exec(text)
  if (!match) return null
  const port = match[2] === undefined ? standardPort : Number(match[2])
  if (port < 1 || port > 65_535) return null
  return { host: (match[1] as string).replace(/^\[|\]$/g, ""), port }
}
