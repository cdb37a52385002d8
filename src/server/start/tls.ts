// Reads the certificate and the key of a server, and says in plain words what is wrong with them before anybody is let
// in: what TLS itself says is "KEY_VALUES_MISMATCH".
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto"
import { readFile } from "node:fs/promises"
import { ConfigError, type TlsInput } from "../../config/config.ts"

/** The texts of the files, checked against each other. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
  readonly ca?: string
  /** When the certificate ends. */
  readonly validTo: Date
}

/** Throws `ConfigError`. */
export async function readTls(tls: TlsInput): Promise<TlsFiles> {
  // One after the other: of several mistakes the first is named, and always the same one.
  const cert = await read("cert", tls.cert)
  const key = await read("key", tls.key)
  const ca = tls.ca === undefined ? undefined : await read("ca", tls.ca)
  const certificate = certificateIn("cert", tls.cert, cert)
  if (ca !== undefined) certificateIn("ca", tls.ca as string, ca)
  if (!certificate.checkPrivateKey(keyIn(tls.key, key))) {
    throw wrong("key", `${tls.key} is not the key of the certificate in ${tls.cert}`)
  }
  const validTo = new Date(certificate.validTo)
  if (validTo.getTime() < Date.now()) {
    throw wrong("cert", `the certificate in ${tls.cert} ended on ${validTo.toISOString()}`)
  }
  return { cert, key, validTo, ...(ca !== undefined && { ca }) }
}

async function read(name: keyof TlsInput, file: string): Promise<string> {
  try {
    return await readFile(file, "utf8")
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why =
      code === "ENOENT"
        ? "there is no such file"
        : code === "EACCES"
          ? "this user may not read it"
          : String(cause)
    throw wrong(name, `cannot read ${file}: ${why}`, cause)
  }
}

function certificateIn(name: keyof TlsInput, file: string, text: string): X509Certificate {
  try {
    return new X509Certificate(text)
  } catch (cause) {
    throw wrong(name, `${file} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)`, cause)
  }
}

function keyIn(file: string, text: string): KeyObject {
  if (/ENCRYPTED/.test(text)) {
    throw wrong(
      "key",
      `the key in ${file} has a passphrase; take it away: openssl pkey -in ${file} -out plain.pem`,
    )
  }
  try {
    return createPrivateKey(text)
  } catch {
    // Without the cause: nothing of a key belongs into a log.
    throw wrong("key", `${file} holds no private key in PEM (-----BEGIN PRIVATE KEY-----)`)
  }
}

const wrong = (name: keyof TlsInput, message: string, cause?: unknown): ConfigError =>
  new ConfigError([{ path: ["tls", name], message }], cause === undefined ? undefined : { cause })
