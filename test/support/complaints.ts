// What a page complains about while it is tested: errors on its console, and exceptions that nobody caught.
import type { Page } from "playwright-core"

/** A client that finds a socket slow starts the next transport beside it, and gives the socket up when that wins: no error. */
const givenUp = /WebSocket is closed before the connection is established/

/** Collects the page's complaints into `complaints`, from now on. */
export function collectComplaints(page: Page, complaints: string[] = []): string[] {
  page.on("console", (message) => {
    if (message.type() === "error" && !givenUp.test(message.text())) complaints.push(message.text())
  })
  page.on("pageerror", (error) => complaints.push(String(error)))
  return complaints
}
