// What about this machine will hurt under load, said at start instead of found out at night. Linux only: elsewhere
// nothing is known and nothing is said.
import { readFile } from "node:fs/promises"
import type { Limits } from "../../../wire/limits.ts"

interface StartWarning {
  /** Stable, for alarms and tests. */
  readonly name: string
  /** What is so, and what will come of it. */
  readonly what: string
  /** What to do about it. */
  readonly remedy: string
}

/** What was found out about the machine; null where it could not be. */
export interface MachineFacts {
  /** Descriptors this process may have open. */
  readonly descriptorsMax: number | null
  /** `net.core.somaxconn` */
  readonly backlogMax: number | null
  /** The largest send buffer of a connection: the third of `net.ipv4.tcp_wmem`. */
  readonly sendBufferBytesMax: number | null
  /** `net.ipv4.tcp_notsent_lowat` */
  readonly notSentBytesMax: number | null
  /** `net.netfilter.nf_conntrack_max`, where connections are tracked at all. */
  readonly trackedMax: number | null
}

/** Descriptors for what is no client's connection: files, the listening socket, connections to an engine. */
const otherDescriptors = 200

/** Bun's own backlog, which cannot be changed. */
const backlogUsed = 512

/** What the kernel may hold for one reader that stopped reading. With 100,000 of them a megabyte each is the machine. */
const kernelBytesEachMax = 1024 * 1024

/** Every warning that these facts are worth. */
export function startWarnings(
  facts: MachineFacts,
  limits: Pick<Limits, "connectionsMax" | "pollsWaitingMax">,
): StartWarning[] {
  const warnings: StartWarning[] = []
  const needed = limits.connectionsMax + limits.pollsWaitingMax + otherDescriptors
  const { descriptorsMax, backlogMax, sendBufferBytesMax, notSentBytesMax, trackedMax } = facts
  if (descriptorsMax !== null && descriptorsMax < needed) {
    warnings.push({
      name: "descriptors",
      what: `This process may open ${descriptorsMax} descriptors; limits.connectionsMax and limits.pollsWaitingMax together need ${needed}. Beyond that, connections fail before Laba can answer them.`,
      remedy: `Raise it (systemd: LimitNOFILE=${needed}, Docker: --ulimit nofile=${needed}, a shell: ulimit -n ${needed}), or lower limits.connectionsMax.`,
    })
  }
  if (backlogMax !== null && backlogMax < backlogUsed) {
    warnings.push({
      name: "backlog",
      what: `net.core.somaxconn is ${backlogMax}: when many come back at once, more than that are turned away by the kernel.`,
      remedy: "sysctl -w net.core.somaxconn=4096",
    })
  }
  if (exceeds(sendBufferBytesMax, kernelBytesEachMax) && exceeds(notSentBytesMax, kernelBytesEachMax)) {
    warnings.push({
      name: "send-buffers",
      what: `The kernel takes up to ${sendBufferBytesMax} bytes for each reader that stops reading, before Laba sees it as slow: net.ipv4.tcp_notsent_lowat is ${notSentBytesMax}, which is no bound.`,
      remedy: "sysctl -w net.ipv4.tcp_notsent_lowat=131072",
    })
  }
  if (trackedMax !== null && trackedMax < limits.connectionsMax) {
    warnings.push({
      name: "connection-tracking",
      what: `The firewall tracks at most ${trackedMax} connections (net.netfilter.nf_conntrack_max) and drops new ones beyond; limits.connectionsMax is ${limits.connectionsMax}.`,
      remedy: `sysctl -w net.netfilter.nf_conntrack_max=${limits.connectionsMax * 2}, or do not track Laba's port.`,
    })
  }
  return warnings
}

const exceeds = (value: number | null, bound: number): boolean => value !== null && value > bound

/** Reads what there is under `/proc`. */
export async function readMachine(): Promise<MachineFacts> {
  const [limits, backlog, sendBuffer, notSent, tracked] = await Promise.all([
    text("/proc/self/limits"),
    text("/proc/sys/net/core/somaxconn"),
    text("/proc/sys/net/ipv4/tcp_wmem"),
    text("/proc/sys/net/ipv4/tcp_notsent_lowat"),
    text("/proc/sys/net/netfilter/nf_conntrack_max"),
  ])
  return {
    descriptorsMax: numberIn(limits, /^Max open files\s+(\d+)/m),
    backlogMax: numberIn(backlog, /^(\d+)/),
    sendBufferBytesMax: numberIn(sendBuffer, /^\d+\s+\d+\s+(\d+)/),
    notSentBytesMax: numberIn(notSent, /^(\d+)/),
    trackedMax: numberIn(tracked, /^(\d+)/),
  }
}

/** Empty where there is no such file. */
const text = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "")

function numberIn(found: string, pattern: RegExp): number | null {
  const match = pattern.exec(found)
  return match ? Number(match[1]) : null
}
