// The TCP port of STOMP: who may come in there, asked in the order of every other way in. Their address is counted when they come, who they are
// is known from CONNECT.
import { LabaError } from "../../wire/error.ts"
import { anyone, userOf, withNamedUser } from "../access/access.ts"
import type { ApiContext } from "../http/api-context.ts"
import { makeClient } from "../transports/connections/client.ts"
import { PendingConnection } from "../transports/connections/pending-connection.ts"
import { identityOf, signIn } from "../transports/conversation/sign-in.ts"
import { type SignInRequest, StompConversation } from "../transports/stomp/stomp-conversation.ts"
import type { Events } from "../telemetry/events.ts"
import { startTcpServer, type TcpServer } from "../transports/tcp/tcp-server.ts"
import type { TcpOrigin, TcpSocket } from "../transports/tcp/tcp-peer.ts"
import type { TlsFiles } from "./start/tls.ts"
import { StompPortError } from "./stomp-port-error.ts"
import { TcpConnection } from "../transports/tcp/tcp-connection.ts"

interface PortWish {
  /** Null: there is none. */
  readonly tcp: number | null
  /** Whether proxies say for whom they connect. */
  readonly proxyProtocol: boolean
}

interface StompPortOptions extends PortWish {
  readonly hostname: string
  readonly tls: TlsFiles | null
  /** Whether other processes of this user may listen there too. */
  readonly sharePort: boolean
}

type PortEvents = Pick<Events, "stompPortFailed" | "stompPortMismatch" | "proxyMute">

/** The port, where the configuration has one; a reload opens, moves and closes it. Who is connected stays. */
export class StompPort {
  private readonly events: PortEvents
  private server: TcpServer | null = null
  private wished: number | null = null
  private open: ((port: number) => TcpServer) | null = null
  private proxyProtocol = false

  constructor(events: PortEvents) {
    this.events = events
  }

  get port(): number | null {
    return this.server?.port ?? null
  }

  /** Throws `StompPortError` when the port is taken. */
  begin(context: ApiContext, { tcp: port, proxyProtocol, ...options }: StompPortOptions): void {
    this.open = (wished) =>
      startTcpServer({
        ...options,
        port: wished,
        accept: (socket, origin) => acceptStomp(context, socket, origin),
        onMismatch: (spoken) => this.events.stompPortMismatch(spoken),
        isProxy: (address) => this.proxyProtocol && context.access.proxies.trusts(address),
        onProxyMute: (address) => this.events.proxyMute(address),
      })
    this.proxyProtocol = proxyProtocol
    this.wished = port
    if (port === null) return
    try {
      this.server = this.open(port)
    } catch (error) {
      throw new StompPortError(port, error)
    }
  }

  /**
   * The port that was stays open until the other is, and where the other is taken: a further reload tries again. Answers why the other is not
   * open; null when all is as wished.
   */
  configure({ tcp: port, proxyProtocol }: PortWish): string | null {
    this.proxyProtocol = proxyProtocol
    if (port === this.wished || !this.open) return null
    try {
      const server = port === null ? null : this.open(port)
      this.stop()
      this.server = server
      this.wished = port
      return null
    } catch (error) {
      this.events.stompPortFailed(port as number, this.port, error)
      const code = (error as { code?: unknown }).code
      const why = code === "EADDRINUSE" ? "is taken" : `cannot be listened at (${String(code ?? error)})`
      const still =
        this.port === null ? "STOMP is not spoken over TCP" : `STOMP is spoken at port ${this.port} as before`
      return `Port ${port} ${why}. ${still}; the next reload tries again.`
    }
  }

  /** Nobody new is let in. */
  stop(): void {
    this.server?.stop()
    this.server = null
  }
}

/** Makes a connection of whoever has come, and lets it in or says why not. */
function acceptStomp(context: ApiContext, socket: TcpSocket, origin: TcpOrigin): TcpConnection {
  const connection = new TcpConnection(
    context,
    socket,
    (carrier) =>
      new StompConversation(context.stomp, carrier, (request) =>
        letIn(context, carrier as TcpConnection, { request, address: origin.address }),
      ),
  )
  connection.number = context.connections.reserve()
  void admit(context, connection, origin).catch((error: unknown) => refuse(context, connection, error))
  return connection
}

async function admit(context: ApiContext, connection: TcpConnection, origin: TcpOrigin): Promise<void> {
  const { access, admission } = context
  refuseWhileDraining(context)
  if (access.guardsLoopback && !origin.isThisMachine)
    throw new LabaError("foreign_origin", "Without credentials only programs on this machine are let in.")
  const counted = access.isLocal || origin.isThisMachine ? null : origin.address
  const reservation = await admission.connect(counted)
  if (connection.closed) return reservation.release()
  const client = makeClient({ identity: anyone, addressUsage: reservation.addressUsage, context })
  connection.client = new PendingConnection({ client, reservation, wheel: context.wheel })
  connection.open()
}

function refuse(context: ApiContext, connection: TcpConnection, error: unknown): void {
  const isKnown = error instanceof LabaError
  if (isKnown) context.reportRefusal(connection, error)
  else context.reportFailure(connection, error)
  connection.disconnect(isKnown ? error : new LabaError("internal", "The connection failed."))
}

interface Arrival {
  readonly request: SignInRequest
  readonly address: string
}

/** What CONNECT says of who comes, and what the application says of them. Throws why they may not. */
async function letIn(context: ApiContext, connection: TcpConnection, arrival: Arrival): Promise<void> {
  const { application, connections } = context
  const { credential, headers } = arrival.request
  let identity = credential === null ? anyone : await identityOf(credential, context)
  connection.isKnown = true
  if (application.asksAbout({ channel: null, channels: [] })) {
    const welcome = await application.connect({
      connection: connections.idOf(connection.number),
      transport: "tcp",
      protocol: "stomp",
      channel: null,
      channels: [],
      user: userOf(identity),
      headers: headersFor(headers),
      query: "",
      address: arrival.address,
    })
    if (welcome.user !== undefined) identity = withNamedUser(identity, welcome.user)
  }
  refuseWhileDraining(context)
  if (identity !== anyone) signIn(connection, identity, context)
}

/** The headers of CONNECT as the application is shown them: without what is secret or no header of HTTP. */
function headersFor(said: SignInRequest["headers"]): Headers {
  const headers = new Headers()
  for (const [name, value] of said) {
    if (/^(?:passcode|authorization)$/i.test(name)) continue
    try {
      headers.set(name, value)
    } catch {
      // HTTP has no spelling for it.
    }
  }
  return headers
}

function refuseWhileDraining({ shutdown }: ApiContext): void {
  if (shutdown.draining)
    throw new LabaError("shutting_down", "This node takes no new listeners; come back.", {
      retryAfterSeconds: 1,
    })
}
