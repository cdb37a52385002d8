// What people see: the customers' page and the kitchens', with the files that they load.
import { join } from "node:path"
import { filesOf } from "../../kit/http/page-files.ts"

const { dressed, icon, language, page, script } = filesOf(join(import.meta.dir, "../pages"))

export const pages = {
  pages: { "/": page("customer/customer"), "/kitchen": page("kitchen/kitchen") },
  files: {
    "/pages/customer.js": script("customer/customer"),
    "/pages/customer.css": dressed("frame", "slip", "customer/customer"),
    "/pages/kitchen.js": script("kitchen/kitchen"),
    "/pages/kitchen.css": dressed("frame", "slip", "kitchen/kitchen"),
    "/pages/language.js": language,
    "/pages/icon.svg": icon,
  },
} as const
