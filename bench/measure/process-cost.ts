// What a process and its children have cost, by the kernel's own accounting: CPU time of every thread in nanoseconds,
// resident memory in bytes. Linux only; one method for every peer, whatever it is written in.
import { readdirSync, readFileSync } from "node:fs"

/** CPU time of all threads of the process and of its children, in microseconds. Threads that have ended are not in it. */
export function cpuMicrosecondsOf(pid: number): number {
  let nanoseconds = 0
  for (const each of treeOf(pid)) {
    for (const thread of readdirSync(`/proc/${each}/task`)) {
      // The first field: time spent on the CPU. Unlike the ticks in `stat` it is exact.
      nanoseconds += Number(readFileSync(`/proc/${each}/task/${thread}/schedstat`, "latin1").split(" ", 1)[0])
    }
  }
  return nanoseconds / 1000
}

/** Resident memory of the process and its children. From the page tables: the counters in `statm` are rounded per CPU. */
export function residentBytesOf(pid: number): number {
  let bytes = 0
  for (const each of treeOf(pid)) {
    const match = /^Rss: +(\d+) kB/m.exec(readFileSync(`/proc/${each}/smaps_rollup`, "latin1"))
    if (!match) throw new Error(`No Rss in smaps_rollup of process ${each}.`)
    bytes += Number(match[1]) * 1024
  }
  return bytes
}

/** CPU time of this process, the load generator, in microseconds. */
export function ownCpuMicroseconds(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** CPU time of everything on this machine, in microseconds. In ticks of 10 ms: for runs of seconds. */
export function machineCpuMicroseconds(): number {
  const [first = ""] = readFileSync("/proc/stat", "latin1").split("\n", 1)
  // user, nice, system, idle, iowait, irq, softirq, steal: all but the two that are rest.
  const ticks = first.split(/ +/).slice(1, 9).map(Number)
  return ticks.reduce((sum, each, field) => (field === 3 || field === 4 ? sum : sum + each), 0) * 10_000
}

function treeOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim()
  const below = children === "" ? [] : children.split(" ").flatMap((child) => treeOf(Number(child)))
  return [pid, ...below]
}
