// What people see: three pages with the files that they load.
import { join } from "node:path"
import { filesOf } from "../../kit/http/page-files.ts"
import { page } from "../pages/markup.ts"

const { dressed, html, icon, language, script, styles } = filesOf(join(import.meta.dir, "../pages"))

export const pages = {
  pages: {
    "/": html(() => page("payments")),
    "/deploys": html(() => page("deploys")),
    "/heart": html(() => page("heart")),
  },
  files: {
    "/pages/frame.css": dressed("frame"),
    "/pages/payments.css": styles("kit/board", "payments/payments", "payments/payments-desk"),
    "/pages/deploys.css": styles("deploys/deploys"),
    "/pages/heart.css": styles("heart/heart"),
    "/pages/payments.js": script("payments/payments"),
    "/pages/deploys.js": script("deploys/deploys"),
    "/pages/heart.js": script("heart/heart"),
    "/pages/language.js": language,
    "/pages/icon.svg": icon,
  },
} as const
