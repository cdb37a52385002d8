// A request as endpoints and pages get it: the same target, and the same facts about who sent it, that the guard has judged.

export interface AppRequest {
  readonly request: Request
  readonly url: URL
  /** What `{name}` stands for in the path of the route. */
  readonly params: Readonly<Record<string, string>>
  /** The client's address, through the proxies that are trusted. */
  readonly address: string
  /** Sent on this machine, for this machine, by no proxy. */
  readonly isLocal: boolean
  /** Came by https, if only to a proxy before us. */
  readonly isSecure: boolean
  /** A page of another origin has sent it: nothing of it is its visitor's will. False for what no browser has sent. */
  readonly isFromOtherPage: boolean
}

export type Endpoint<Context> = (context: Context, request: AppRequest) => Response | Promise<Response>

export interface Route<Context> {
  readonly method: "GET" | "POST" | "OPTIONS"
  /** Names in braces stand for one part. */
  readonly path: string
  readonly endpoint: Endpoint<Context>
  /**
   * Who calls it besides our own pages: `anyone`, for whom no cookie counts, or `service`, one that signs what it says, and is not told
   * to slow down. Default: our own pages alone.
   */
  readonly callers?: "anyone" | "service"
}
