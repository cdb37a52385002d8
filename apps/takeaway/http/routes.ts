// Every address of the desk in one table.
import * as laba from "../functions/laba.ts"
import * as tencent from "../functions/tencent.ts"
import { cancelBill, listenAsCustomer, showShops, visit } from "./customer.ts"
import type { Endpoint } from "./desk.ts"
import { listenAsKitchen, logIn, logOut, showKitchen, showLogin } from "./kitchen.ts"
import { allowAll, orderBill, orderWithCode, pointToSocket, showShopInfo } from "./ordering.ts"

export interface Route {
  readonly method: "GET" | "POST" | "OPTIONS"
  /** Names in braces stand for one part. */
  readonly path: string
  readonly endpoint: Endpoint
  /** Acts by a cookie or sets one: a page of another origin could else log its visitors in, and is refused. */
  readonly guarded?: true
}

export const routes: readonly Route[] = [
  // The calls of the first desk.
  { method: "GET", path: "/get_shop_info", endpoint: showShopInfo },
  { method: "POST", path: "/bill", endpoint: orderBill },
  { method: "OPTIONS", path: "/bill", endpoint: allowAll },
  { method: "POST", path: "/order", endpoint: orderWithCode },
  { method: "OPTIONS", path: "/order", endpoint: allowAll },
  { method: "GET", path: "/pgws", endpoint: pointToSocket },

  { method: "GET", path: "/api/shops", endpoint: showShops },
  { method: "POST", path: "/api/visit", endpoint: visit, guarded: true },
  { method: "POST", path: "/api/listen", endpoint: listenAsCustomer, guarded: true },
  { method: "POST", path: "/api/bills/{bill}/cancel", endpoint: cancelBill, guarded: true },

  { method: "GET", path: "/api/kitchen/login", endpoint: showLogin },
  { method: "POST", path: "/api/kitchen/login", endpoint: logIn, guarded: true },
  { method: "POST", path: "/api/kitchen/logout", endpoint: logOut, guarded: true },
  { method: "GET", path: "/api/kitchen", endpoint: showKitchen },
  { method: "POST", path: "/api/kitchen/listen", endpoint: listenAsKitchen, guarded: true },

  // What Laba calls.
  { method: "OPTIONS", path: "/functions/laba/{function}", endpoint: laba.agree },
  { method: "POST", path: "/functions/laba/subscribe", endpoint: laba.subscribe },
  { method: "POST", path: "/functions/laba/transport", endpoint: laba.transport },
  { method: "POST", path: "/functions/laba/unregister", endpoint: laba.unregister },
  { method: "POST", path: "/functions/tencent/register", endpoint: tencent.register },
  { method: "POST", path: "/functions/tencent/transport", endpoint: tencent.transport },
  { method: "POST", path: "/functions/tencent/unregister", endpoint: tencent.unregister },
]
