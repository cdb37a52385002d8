// Keeps what this machine says to itself off the proxy that the environment may name: no proxy leads back here.

const loopback = ["127.0.0.1", "localhost", "[::1]"] as const

/** Adds this machine to the hosts that are reached without a proxy, for this process and those that it starts. */
export function reachLoopbackDirectly(environment: NodeJS.ProcessEnv = process.env): void {
  for (const name of ["NO_PROXY", "no_proxy"]) {
    const known = environment[name]?.split(",").map((host) => host.trim()) ?? []
    if (known.includes("*")) continue
    environment[name] = [...new Set([...known.filter((host) => host !== ""), ...loopback])].join(",")
  }
}
