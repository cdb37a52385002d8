// Where a page reaches Laba. A Laba beside the shop says an address of its own machine; who opened the page by another
// name of that machine reaches Laba by that name, too.

const ownNames = new Set(["127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::]"])

/** `labaUrl` as a page sees it that was opened at this host. */
export function reachableLaba(labaUrl: string, pageHost: string): string {
  const url = new URL(labaUrl)
  if (ownNames.has(url.hostname)) url.hostname = pageHost
  return url.href.replace(/\/$/, "")
}
