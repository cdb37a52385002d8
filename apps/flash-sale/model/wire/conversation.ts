// What a buyer and the shop say to each other over the socket on which results are heard.
//
// The buyer publishes JSON to the own channel of results, `/@<user>/sales/<sale>`; nothing of it is ever published:
//
//     { "do": "status" | "pay" | "cancel" | "leave", "ref"?: string | number }
//
// and is answered on the same connection, apart from the channel's messages (in laba.v1 and the client: `direct`):
//
//     { "asked": "status", "ref"?, "ticket": TicketRecord }                    the record as the channel shows it
//     { "asked": "pay", "ref"?, "payUrl": string }                             where to pay
//     { "asked": "cancel" | "leave", "ref"?, "done": boolean, "ticket": TicketRecord }
//     { "asked": …, "ref"?, "failed": Failure }
//
// `ref` comes back as it was sent. An answer is about the moment of asking: what becomes of it comes on the channel, with
// a higher version. Everything may be asked again; asking twice does nothing twice.
import type { TicketRecord } from "./api.ts"

export type Wish = "status" | "pay" | "cancel" | "leave"

type Failure =
  /** Not one of the words above. */
  | "not_understood"
  /** Who asks holds no ticket of this sale. */
  | "no_ticket"
  | "no_order"
  /** Paid already, or its time is up. */
  | "not_payable"
  /** Paid already, or ended before. */
  | "not_cancelled"
  /** The payment provider does not answer; ask again. */
  | "provider_away"
  /** The books cannot be written now; ask again. */
  | "not_saved"

export type Ref = { readonly ref?: string | number }

export type Reply = Ref &
  (
    | { readonly asked: Wish | null; readonly failed: Failure }
    | { readonly asked: "status"; readonly ticket: TicketRecord }
    | { readonly asked: "pay"; readonly payUrl: string }
    | { readonly asked: "cancel" | "leave"; readonly done: boolean; readonly ticket: TicketRecord }
  )
