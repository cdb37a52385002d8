// Where a page reaches a service beside a demo. That says an address of its own machine; who opened the page by another name of
// that machine reaches the service by that name, too.

const ownNames = new Set(["127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::]"])

/** `url` as a page sees it that was opened at this host. */
export function reachableUrl(url: string, pageHost: string): string {
  const reached = new URL(url)
  if (ownNames.has(reached.hostname)) reached.hostname = pageHost
  return reached.href.replace(/\/$/, "")
}

/** Hosts that mean every address of this machine. */
export const isEverywhere = (host: string): boolean => host === "0.0.0.0" || host === "::"

/** Where what listens at a host and a port is reached on this machine. */
export const urlOnThisMachine = (host: string, port: number): string =>
  onThisMachine(`http://${host.includes(":") ? `[${host}]` : host}:${port}`)

/** The address of what listens everywhere, as it is reached on this machine. */
export const onThisMachine = (url: string): string =>
  url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
