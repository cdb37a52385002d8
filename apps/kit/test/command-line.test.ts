// Demos called wrongly, as somebody does who types.
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { join } from "node:path"

/** A process a value, and a busy machine takes its time. */
setDefaultTimeout(120_000)

const port = (flag: string, given: string): string => `--${flag} is a port from 0 to 65535, not "${given}"`
const seconds = (flag: string, given: string): string =>
  `--${flag} is a number of seconds above 0, not "${given}"`
const address = (flag: string, given: string): string =>
  `--${flag} is an address such as https://shop.example, not "${given}"`

const host = (given: string): string =>
  `--host is an address of this machine, such as 127.0.0.1 or 0.0.0.0 for all, not "${given}"`

type Wrong = readonly (readonly [args: readonly string[], says: string])[]

/** For each flag a value that is none, and what is said of it. */
const httpsAlone =
  "--public-laba: pages that come by https reach it by https alone; give the address at which a proxy passes it on"

const wrong: Readonly<Record<"takeaway" | "alerts", Wrong>> = {
  takeaway: [
    [["--prot", "1"], "Unknown option '--prot'"],
    [["cook"], "there is no command cook"],
    [["--data", ""], '--data is a folder, not ""'],
    [["--host", "no address"], host("no address")],
    [["--host", "192.0.2.1"], host("192.0.2.1")],
    [["--proxies", "everybody"], '--proxies: "everybody" is no address and no network such as 10.0.0.0/8'],
    [["--port", "http"], port("port", "http")],
    [["--laba-port", "65536"], port("laba-port", "65536")],
    [["--database", "mysql://x"], "--database is sqlite:PATH or postgres://user:password@host/database"],
    [["--laba", "elsewhere"], address("laba", "elsewhere")],
    [["--public", "ftp://x"], address("public", "ftp://x")],
    [["--public-laba", ""], address("public-laba", "")],
    [["--public", "https://x.example", "--public-laba", "http://x.example:8092"], httpsAlone],
    [["--remind-seconds", "abc"], seconds("remind-seconds", "abc")],
    [["--lapse-seconds", "0"], seconds("lapse-seconds", "0")],
    [["--forget-seconds", "never"], seconds("forget-seconds", "never")],
    [["--grace-seconds", "1e3"], seconds("grace-seconds", "1e3")],
    [["laba", "--desk", "http://x", "--data", ""], '--data is a folder, not ""'],
    [["laba"], "laba needs --desk URL"],
    [["laba", "--desk", "x"], address("desk", "x")],
    [["laba", "--desk", "http://x", "--origin", "y"], address("origin", "y")],
    [["laba", "--desk", "http://x", "--engine", "carrot"], '--engine is memory or sqlite:DIR, not "carrot"'],
  ],
  alerts: [
    [["--prot", "1"], "Unknown option '--prot'"],
    [["--data", ""], '--data is a folder, not ""'],
    [["--host", "no address"], host("no address")],
    [["--host", "192.0.2.1"], host("192.0.2.1")],
    [["--proxies", "everybody"], '--proxies: "everybody" is no address and no network such as 10.0.0.0/8'],
    [["--public", "ftp://x"], address("public", "ftp://x")],
    [["--public-laba", ""], address("public-laba", "")],
    [["--public", "https://x.example"], httpsAlone],
    [["--port", "http"], port("port", "http")],
    [["--laba-port", "65536"], port("laba-port", "65536")],
    [["--every", "abc"], seconds("every", "abc")],
    [["--every", "0"], seconds("every", "0")],
    [["--silent", "soon"], seconds("silent", "soon")],
    [["--every", "5", "--silent", "4"], "--silent must be longer than --every: else each pause is an alarm"],
    [["--smtp", "smtp://mail.example"], "--smtp needs --mail-from and --mail-to"],
    [["--mail-to", "a@b.example"], "--mail-from and --mail-to go with --smtp"],
    [
      ["--smtp", "mail.example", "--mail-from", "a@b.example", "--mail-to", "c@d.example"],
      '--smtp is a mail server such as smtp://user:password@host:587, not "mail.example"',
    ],
    [["--sms", "pigeon"], '--sms is tencent or twilio, not "pigeon"'],
    [["--sms", "twilio"], "--sms twilio needs TWILIO_ACCOUNT_SID in the environment"],
  ],
}

const demos = ["takeaway", "alerts"] as const

async function run(demo: string, args: readonly string[]) {
  await using process_ = Bun.spawn(
    [process.execPath, join(import.meta.dir, "../..", demo, "main.ts"), ...args],
    {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  )
  const [out, err, code] = await Promise.all([
    new Response(process_.stdout).text(),
    new Response(process_.stderr).text(),
    process_.exited,
  ])
  return { out, err, code }
}

describe.each(demos)("%s", (demo) => {
  test("says its flags", async () => {
    const { out, code } = await run(demo, ["--help"])
    expect(out).toStartWith(demo)
    expect(out).toContain("--port")
    expect(code).toBe(0)
  })

  test("takes no value that is none: one line says so, with where help is", async () => {
    for (const [args, says] of wrong[demo]) {
      const { out, err, code } = await run(demo, args)
      expect([args, out, err, code]).toEqual([args, "", `${demo}: ${says} (${demo} --help)\n`, 2])
    }
  })

  test("has a value that is none for each of its flags", async () => {
    const { out } = await run(demo, ["--help"])
    const flags = new Set([...out.matchAll(/--([a-z-]+)/g)].map(([, flag]) => flag as string))
    const tried = new Set(wrong[demo].flatMap(([args]) => args.filter((word) => word.startsWith("--"))))
    const untried = [...flags].filter((flag) => !tried.has(`--${flag}`))
    expect(untried).toEqual([])
  })

  test("says in one line what the system has refused", async () => {
    const { err, code } = await run(demo, ["--data", "/dev/null/x", "--port", "0"])
    expect([err.trimEnd().split("\n").length, code]).toEqual([1, 1])
    expect(err).toStartWith(`${demo}: `)
  })
})
