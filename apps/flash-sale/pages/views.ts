// What the shop's HTTP API answers, as the pages read it. The server's own types say what is in it.
import type { ticketView } from "../http/ticket-view.ts"
import type { admissionView } from "../http/ticket-view.ts"
import type { saleView } from "../http/sale-view.ts"

export type SaleView = ReturnType<typeof saleView>
export type Standing = SaleView["standing"]
export type TicketView = ReturnType<typeof ticketView>
export type AdmissionView = ReturnType<typeof admissionView>
