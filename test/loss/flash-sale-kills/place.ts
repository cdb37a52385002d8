// One process of a town: started, killed with -9 and started again at the same address.

interface PlaceOptions {
  readonly name: string
  /** The command; `port` is 0 at first, and from then on the one that the system chose. */
  readonly command: (port: string) => readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Finds the address in what it prints. */
  readonly address: RegExp
}

/** A start that takes longer has failed. */
const readyMsMax = 120_000

export class Place implements AsyncDisposable {
  readonly name: string
  url = ""
  /** What it printed since its last start. */
  printed = ""
  private readonly options: PlaceOptions
  private child: Bun.Subprocess<"ignore", "pipe", "pipe"> | null = null

  private constructor(options: PlaceOptions) {
    this.name = options.name
    this.options = options
  }

  static async start(options: PlaceOptions): Promise<Place> {
    const place = new Place(options)
    await place.start()
    return place
  }

  async start(): Promise<void> {
    const { command, env = {}, address, name } = this.options
    const port = this.url === "" ? "0" : new URL(this.url).port
    const child = Bun.spawn([...command(port)], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      env: { PATH: process.env["PATH"] ?? "", ...env },
    })
    this.child = child
    this.printed = ""
    const ready = Promise.withResolvers<void>()
    const listen = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
      const decoder = new TextDecoder()
      for await (const bytes of stream) {
        this.printed += decoder.decode(bytes, { stream: true })
        if (address.test(this.printed)) ready.resolve()
      }
    }
    void listen(child.stdout)
    void listen(child.stderr)
    const clock = setTimeout(() => ready.reject(new Error("in time")), readyMsMax)
    void child.exited.then((code) => ready.reject(new Error(`and ended with ${code}`)))
    try {
      await ready.promise
    } catch (error) {
      throw new Error(`${name} did not start ${String(error)}; it printed: ${this.printed}`)
    } finally {
      clearTimeout(clock)
    }
    this.url = address.exec(this.printed)?.[1] ?? ""
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    this.child?.kill("SIGKILL")
    await this.child?.exited
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill()
  }
}
