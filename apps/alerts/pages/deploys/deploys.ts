// The script of the deploy board: the state of every node, its buttons, and the last deploys.
import { find } from "../../../kit/browser/elements.ts"
import type { Bilingual } from "../../../kit/browser/language.ts"
import { deploys } from "../../channels/names.ts"
import type { Deploy, DeployEvent } from "../../hosts/deploy.ts"
import type { NodeState } from "../../hosts/node-processes.ts"
import { press, startPage } from "../live-page.ts"
import { clockTime, flash, inBoth, make, putFirst } from "../page-elements.ts"
import type { Snapshot } from "../snapshot.ts"

const shownMax = 20

const eventTexts: Readonly<Record<DeployEvent, Bilingual>> = {
  started: ["has started", "已启动"],
  stopped: ["has stopped", "已停止"],
  restarted: ["has restarted", "已重启"],
  lost: ["was lost without a word", "突然消失"],
}

const stateLabels: Readonly<Record<"up" | "down" | "lost", Bilingual>> = {
  up: ["RUNNING", "运行中"],
  down: ["STOPPED", "已停止"],
  lost: ["LOST", "失联"],
}

const actions: readonly (readonly [act: string, label: Bilingual])[] = [
  ["start", ["Start", "启动"]],
  ["stop", ["Stop", "停止"]],
  ["restart", ["Restart", "重启"]],
  ["kill", ["kill -9", "kill -9"]],
]

/** The time of the last event of each node: an event may come after a snapshot that is newer. */
const lastEventAt = new Map<string, number>()
let names: readonly string[] = []

function rowOf(node: string): HTMLElement {
  const known = document.getElementById(node)
  if (known) return known
  const buttons = actions.map(([act, label]) => {
    const button = make("button", inBoth(label)) as HTMLButtonElement
    button.type = "button"
    button.dataset["act"] = act
    button.addEventListener("click", () => void send(button, `/api/nodes/${node}/${act}`))
    return button
  })
  const row = make(
    "li",
    make("b.name", node),
    make("span.version", "v1"),
    make("span.lampword"),
    make("span.buttons", ...buttons),
  )
  row.id = node
  find("#nodes").append(row)
  return row
}

async function send(button: HTMLButtonElement, path: string): Promise<void> {
  button.disabled = true
  await press(path).catch(() => {})
  button.disabled = false
}

function showNode(node: string, state: keyof typeof stateLabels, version: number): void {
  const row = rowOf(node)
  row.dataset["state"] = state
  find(".version", row).textContent = `v${version}`
  find(".lampword", row).replaceChildren(inBoth(stateLabels[state]))
}

function receiveDeploy(data: unknown): void {
  const { id, node, event, version, at, pid } = data as Deploy
  const line = (): HTMLElement => {
    const words = make("span", inBoth(eventTexts[event]))
    const small = make("small", `v${version} · ${pid}`)
    const made = make("li", make("time", clockTime(at)), make("b", node), words, small)
    made.dataset["event"] = event
    return made
  }
  if (!putFirst(find("#log"), id, line, shownMax) || at < (lastEventAt.get(node) ?? 0)) return
  lastEventAt.set(node, at)
  showNode(node, event === "lost" ? "lost" : event === "stopped" ? "down" : "up", version)
  flash(rowOf(node), "calling")
  find("#latest").replaceChildren(make("b", node), " ", inBoth(eventTexts[event]))
  flash(find(".horn"), "calling")
}

function show({ nodes, deploys: recent }: Snapshot): void {
  names = nodes.map(({ node }) => node)
  for (const { node, isRunning, version } of nodes as readonly NodeState[]) {
    if (!lastEventAt.has(node)) showNode(node, isRunning ? "up" : "down", version)
  }
  for (const deploy of [...recent].reverse()) receiveDeploy(deploy)
}

const release = find<HTMLButtonElement>("#release")
async function releaseToAll(): Promise<void> {
  release.disabled = true
  // One after the other: somebody is always there.
  for (const node of names) await press(`/api/nodes/${node}/restart`).catch(() => {})
  release.disabled = false
}
release.addEventListener("click", () => void releaseToAll())

await startPage([{ channel: deploys, onMessage: receiveDeploy }], show)
