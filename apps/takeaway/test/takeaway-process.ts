// A desk as people start it, with its Laba, in processes of their own, so that they can be killed.
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Answered, type AskOptions, Customer, Kitchen } from "./people.ts"

const main = join(import.meta.dir, "../main.ts")
const startMsMax = 30_000

export const demoPassword = "laba"

interface TakeawayProcessOptions {
  readonly args?: readonly string[]
  /** Laba in a process of its own, which goes on when the desk is killed. Default: beside the desk, and ends with it. */
  readonly labaApart?: boolean
  readonly database?: string
  /** Another desk over the same database, secrets and Laba: it must have a Laba apart. */
  readonly beside?: TakeawayProcess
  /** Another way to a Laba apart, for the desk and for pages: answers its address. */
  readonly labaThrough?: (labaUrl: string) => Promise<string>
}

type Child = Bun.Subprocess<"ignore", "pipe", "pipe">

/** One folder of database, over which processes come and go, at the same addresses. */
export class TakeawayProcess implements AsyncDisposable {
  readonly folder: string
  url = ""
  labaUrl = ""
  private desk: Child | null = null
  private laba: Child | null = null
  private readonly options: TakeawayProcessOptions
  private readonly printed: string[] = []
  private readonly people: Disposable[] = []

  private constructor(folder: string, options: TakeawayProcessOptions) {
    this.folder = folder
    this.options = options
  }

  static async start(options: TakeawayProcessOptions = {}): Promise<TakeawayProcess> {
    const folder = options.beside?.folder ?? (await mkdtemp(join(tmpdir(), "takeaway-")))
    const desk = new TakeawayProcess(folder, options)
    try {
      if (options.beside) {
        desk.labaUrl = options.beside.labaUrl
      } else if (options.labaApart) {
        // Laba must know where the desk will be; so the desk's port is chosen first.
        const probe = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() })
        desk.url = `http://127.0.0.1:${probe.port}`
        await probe.stop(true)
        await desk.startLaba()
        if (options.labaThrough) desk.labaUrl = await options.labaThrough(desk.labaUrl)
      }
      await desk.startDesk()
    } catch (error) {
      await desk[Symbol.asyncDispose]()
      throw error
    }
    return desk
  }

  async startLaba(): Promise<void> {
    const port = this.labaUrl === "" ? "0" : new URL(this.labaUrl).port
    this.laba = this.spawn(["laba", "--desk", this.url, "--port", port])
    this.labaUrl = await this.said(this.laba, /desk is at (\S+)\n/)
  }

  async startDesk(): Promise<void> {
    const port = this.url === "" ? "0" : new URL(this.url).port
    const labaPort = this.labaUrl === "" ? "0" : new URL(this.labaUrl).port
    const laba =
      this.options.labaApart || this.options.beside ? ["--laba", this.labaUrl] : ["--laba-port", labaPort]
    const database = this.options.database === undefined ? [] : ["--database", this.options.database]
    this.desk = this.spawn(["--port", port, ...laba, ...database, ...(this.options.args ?? [])])
    this.labaUrl = await this.said(this.desk, /Laba is at (\S+)\n/)
    this.url = /takeaway desk is at ([^;\s]+);/.exec(this.printed.join(""))?.[1] ?? this.url
  }

  /** `kill -9` of the desk. A Laba beside it ends with it. */
  async killDesk(): Promise<void> {
    this.desk?.kill("SIGKILL")
    await this.desk?.exited
  }

  /** `kill -9` of the Laba beside the desk, which is its only child. Linux only. */
  async killLabaBeside(): Promise<void> {
    const { pid } = this.desk as Child
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")
    for (const child of children.split(" ").filter(Boolean)) process.kill(Number(child), "SIGKILL")
  }

  async killLaba(): Promise<void> {
    this.laba?.kill("SIGKILL")
    await this.laba?.exited
  }

  /** Asked to stop. Answers the exit code. */
  async stopDesk(): Promise<number | undefined> {
    this.desk?.kill("SIGTERM")
    return this.desk?.exited
  }

  async ask(method: string, path: string, options: AskOptions = {}): Promise<Answered> {
    const { body, headers = {} } = options
    const response = await fetch(this.url + path, {
      method,
      headers: { ...(body !== undefined && { "Content-Type": "application/json" }), ...headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>,
    }
  }

  async isOpen(shop: string): Promise<boolean> {
    const { body } = await this.ask("GET", "/api/shops")
    return (body["shops"] as { shop: string; isOpen: boolean }[]).some(
      (one) => one.shop === shop && one.isOpen,
    )
  }

  async customer(name = "Ann"): Promise<Customer> {
    const { headers } = await this.ask("POST", "/api/visit")
    const customer = new Customer(this, name, cookieIn(headers))
    this.people.push(customer)
    return customer
  }

  /** A customer who hears of their bills. */
  async listeningCustomer(name?: string): Promise<Customer> {
    const customer = await this.customer(name)
    await customer.listen()
    return customer
  }

  /** A kitchen that is there, in a shop that is open. */
  async openKitchen(label?: string, shop?: string): Promise<Kitchen> {
    const kitchen = await this.kitchen(shop, label)
    await kitchen.open()
    return kitchen
  }

  /** Everybody goes home. */
  dismiss(): void {
    for (const one of this.people.splice(0)) one[Symbol.dispose]()
  }

  async kitchen(shop = "shop1", label = "front"): Promise<Kitchen> {
    const { headers, body } = await this.ask("POST", "/api/kitchen/login", {
      body: { shop, password: demoPassword },
    })
    if (!headers.get("set-cookie")) throw new Error(`No login: ${JSON.stringify(body)}`)
    const kitchen = new Kitchen(this, { shop, label, cookie: cookieIn(headers) })
    this.people.push(kitchen)
    return kitchen
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dismiss()
    await this.killDesk()
    await this.killLaba()
    if (!this.options.beside) await rm(this.folder, { recursive: true, force: true })
  }

  private spawn(words: readonly string[]): Child {
    return Bun.spawn([process.execPath, "--no-orphans", main, ...words, "--data", this.folder], {
      env: { PATH: process.env["PATH"] ?? "" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    })
  }

  private said(child: Child, line: RegExp): Promise<string> {
    const { printed } = this
    const from = printed.length
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`The desk ${why}:\n${printed.join("")}`))
      const clock = setTimeout(() => fail("did not start in time"), startMsMax)
      const read = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
        const decoder = new TextDecoder()
        for await (const bytes of stream) {
          printed.push(decoder.decode(bytes, { stream: true }))
          const found = line.exec(printed.slice(from).join(""))?.[1]
          if (found) resolve(found)
        }
      }
      void Promise.all([read(child.stdout), read(child.stderr)]).then(() => fail("ended"))
      void child.exited.then(() => clearTimeout(clock))
    })
  }
}

const cookieIn = (headers: Headers): string => headers.get("set-cookie")?.split(";")[0] ?? ""
