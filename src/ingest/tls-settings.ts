// How a source's broker is reached over TLS: which authorities are believed, and the certificate that we show.
import { readFileSync } from "node:fs"
import type { ConnectionOptions } from "node:tls"
import { z } from "zod"

const file = z.string().min(1, { error: "must be the path of a PEM file" })

export const tlsSchema = z
  .strictObject({
    ca: file.optional(),
    cert: file.optional(),
    key: file.optional(),
    serverName: z.string().min(1).optional(),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    error: "cert and key belong together",
  })

type TlsSettings = z.output<typeof tlsSchema>

/** Reads the files, again with each connection: certificates are renewed. Throws a sentence for people when one cannot be read. */
export function readTls({ ca, cert, key, serverName }: TlsSettings): ConnectionOptions {
  return {
    ...(ca !== undefined && { ca: readPem(ca) }),
    ...(cert !== undefined && { cert: readPem(cert) }),
    ...(key !== undefined && { key: readPem(key) }),
    ...(serverName !== undefined && { servername: serverName }),
  }
}

function readPem(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (cause) {
    throw new Error(`the file ${path} cannot be read`, { cause })
  }
}
