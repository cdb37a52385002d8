// A certificate for 127.0.0.1 and localhost that signs itself, for brokers that speak TLS.
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"

interface Certificate {
  readonly certificateFile: string
  readonly keyFile: string
  readonly certificate: string
  readonly key: string
}

export function makeCertificate(folder: string): Certificate {
  const certificateFile = join(folder, "certificate.pem")
  const keyFile = join(folder, "key.pem")
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost"]
  const names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
  execFileSync("openssl", [...request, ...names, "-keyout", keyFile, "-out", certificateFile], {
    stdio: "ignore",
  })
  const text = (file: string): string => readFileSync(file, "utf8")
  return { certificateFile, keyFile, certificate: text(certificateFile), key: text(keyFile) }
}
