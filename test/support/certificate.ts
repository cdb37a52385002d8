// A certificate that signs itself, for localhost, as files in a folder of its own.
import { execFileSync } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

interface Certificate extends AsyncDisposable {
  /** Paths, as the configuration takes them. */
  readonly files: { readonly cert: string; readonly key: string }
  /** Its text in PEM: what clients trust. */
  readonly pem: string
}

export async function makeCertificate(): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), "laba-certificate-"))
  const files = { cert: join(folder, "server.crt"), key: join(folder, "server.key") }
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
  const whose = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
  const places = ["-keyout", files.key, "-out", files.cert]
  execFileSync("openssl", ["req", "-x509", ...key, ...whose, ...places], { stdio: "ignore" })
  return {
    files,
    pem: await readFile(files.cert, "utf8"),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
