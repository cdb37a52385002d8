// Whether a request has come by https, which ends at a proxy before us.
import { forwardingHeaderOf } from "laba"

/** Who opens us beside the proxy that has the certificate could not send back a cookie that is for https alone. */
export function cameByHttps(headers: Headers, publicUrl: string | undefined): boolean {
  const url = publicUrl === undefined ? null : new URL(publicUrl)
  if (url?.protocol !== "https:") return false
  const isPassedOn = forwardingHeaderOf(headers) !== null
  return isPassedOn || headers.get("host") === url.host || headers.get("origin") === url.origin
}
