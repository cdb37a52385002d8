// Every address of the desk in one table.
import type { Route } from "../../kit/http/app-request.ts"
import { answer } from "../../kit/http/problem.ts"
import * as laba from "../functions/laba.ts"
import * as tencent from "../functions/tencent.ts"
import { cancelBill, listenAsCustomer, showShops, visit } from "./customer.ts"
import { listenAsKitchen, logIn, logOut, showKitchen, showLogin } from "./kitchen.ts"
import { allowAll, orderBill, orderWithCode, pointToSocket, showShopInfo } from "./ordering.ts"
import type { Takeaway } from "./takeaway.ts"

export const routes: readonly Route<Takeaway>[] = [
  // The calls of the first desk.
  { method: "GET", path: "/get_shop_info", endpoint: showShopInfo },
  { method: "POST", path: "/bill", endpoint: orderBill, callers: "anyone" },
  { method: "OPTIONS", path: "/bill", endpoint: allowAll, callers: "anyone" },
  { method: "POST", path: "/order", endpoint: orderWithCode, callers: "anyone" },
  { method: "OPTIONS", path: "/order", endpoint: allowAll, callers: "anyone" },
  { method: "GET", path: "/pgws", endpoint: pointToSocket },

  { method: "GET", path: "/health", endpoint: () => answer({}) },
  { method: "GET", path: "/api/shops", endpoint: showShops },
  { method: "POST", path: "/api/visit", endpoint: visit },
  { method: "POST", path: "/api/listen", endpoint: listenAsCustomer },
  { method: "POST", path: "/api/bills/{bill}/cancel", endpoint: cancelBill },

  { method: "GET", path: "/api/kitchen/login", endpoint: showLogin },
  { method: "POST", path: "/api/kitchen/login", endpoint: logIn },
  { method: "POST", path: "/api/kitchen/logout", endpoint: logOut },
  { method: "GET", path: "/api/kitchen", endpoint: showKitchen },
  { method: "POST", path: "/api/kitchen/listen", endpoint: listenAsKitchen },

  // What Laba calls.
  { method: "OPTIONS", path: "/functions/laba/{function}", endpoint: laba.agree, callers: "service" },
  { method: "POST", path: "/functions/laba/subscribe", endpoint: laba.subscribe, callers: "service" },
  { method: "POST", path: "/functions/laba/transport", endpoint: laba.transport, callers: "service" },
  { method: "POST", path: "/functions/laba/unregister", endpoint: laba.unregister, callers: "service" },
  { method: "POST", path: "/functions/tencent/register", endpoint: tencent.register, callers: "service" },
  { method: "POST", path: "/functions/tencent/transport", endpoint: tencent.transport, callers: "service" },
  { method: "POST", path: "/functions/tencent/unregister", endpoint: tencent.unregister, callers: "service" },
]
