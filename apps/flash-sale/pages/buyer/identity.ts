// Who the buyer is in this tab. The login by name is for trying out: each tab is somebody of its own, so one browser can be
// a crowd. A shop with its own login has set its cookie before this page is opened.
import { type Ask, Refused } from "../ask.ts"
import { remembered } from "../remembered.ts"

/** How long before its end a token to listen is renewed is Laba's client's matter; this is where to get one. */
interface Listen {
  readonly laba: string
  readonly token: string
}

export interface Identity {
  readonly user: string
  readonly laba: string
}

export class Identities {
  private readonly ask: Ask

  constructor(ask: Ask) {
    this.ask = (method, path, asked = {}) => {
      const token = remembered("session").get("login")
      const headers = { ...asked.headers, ...(token !== null && { Authorization: `Bearer ${token}` }) }
      return ask(method, path, { ...asked, headers })
    }
  }

  /** Asks as the buyer. */
  get asBuyer(): Ask {
    return this.ask
  }

  /** Who is logged in here; null for nobody. */
  async current(): Promise<Identity | null> {
    const listen = await this.ask<Listen | null>("POST", "/api/listen?or=null")
    return listen && { user: userOf(listen.token), laba: listen.laba }
  }

  /** A token to listen with. */
  listen(): Promise<Listen> {
    return this.ask("POST", "/api/listen")
  }

  /** Logs in by name. Null where the shop has a login of its own. Throws `Refused` for what cannot be a name. */
  async logIn(user: string): Promise<Identity | null> {
    try {
      const { token } = await this.ask<{ token: string }>("POST", "/api/login", { body: { user } })
      remembered("session").set("login", token)
      return await this.current()
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return null
      throw error
    }
  }
}

/** The claim `sub` of a JWT that the shop has made for us. */
function userOf(token: string): string {
  const [, claims = ""] = token.split(".")
  const bytes = Uint8Array.from(atob(claims.replaceAll("-", "+").replaceAll("_", "/")), (char) =>
    char.charCodeAt(0),
  )
  return (JSON.parse(new TextDecoder().decode(bytes)) as { sub: string }).sub
}

/** A name for somebody who has not given one. */
export const guestName = (): string => `guest-${Math.floor(1000 + Math.random() * 9000)}`
