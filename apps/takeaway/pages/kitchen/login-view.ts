// The kitchen's login, and what its screen is called.
import { call, Refusal } from "../../../kit/browser/api-calls.ts"
import { element, find } from "../../../kit/browser/elements.ts"
import { remember, remembered } from "../../../kit/browser/page-storage.ts"
import { inEachLanguage, isWord, nameOf, translate } from "../language.ts"

interface LoginOffer {
  readonly shops: readonly { readonly shop: string; readonly zh: string; readonly en: string }[]
  readonly demoPassword: string | null
}

const screenKey = "takeaway.screen"

/** How the other kitchens see who did something. */
export const screenName = (): string => remembered<string>(screenKey) ?? ""

interface Login {
  show(wasLoggedIn: boolean): void
  hide(): void
}

/** `entered` is called after each login, and told whether the shop is to open at once. */
export function startLogin(entered: (opens: boolean) => void): Login {
  const view = find("#login")
  const form = find<HTMLFormElement>("#login form")
  const wrong = find("#login .wrong")
  const shops = find<HTMLSelectElement>("#login select")
  const field = (name: string): HTMLInputElement => form.elements.namedItem(name) as HTMLInputElement
  let offer: LoginOffer | null = null

  const paint = (): void => {
    if (!offer) return
    const { value } = shops
    shops.replaceChildren(...offer.shops.map((shop) => element("option", { value: shop.shop }, nameOf(shop))))
    if (value !== "") shops.value = value
    find("#demo").textContent =
      offer.demoPassword === null ? "" : translate("demoHint", { password: offer.demoPassword })
  }
  inEachLanguage(paint)

  const submit = async (): Promise<void> => {
    wrong.textContent = ""
    if (field("password").value === "") {
      wrong.textContent = translate("no_password")
      return field("password").focus()
    }
    remember(screenKey, field("screen").value.trim())
    try {
      const body = { shop: shops.value, password: field("password").value }
      await call("POST", "/api/kitchen/login", { body })
      field("password").value = ""
      entered(field("opens").checked)
    } catch (error) {
      const code = error instanceof Refusal ? error.code : "unknown"
      wrong.textContent = isWord(code) ? translate(code) : translate("error_other", { code })
    }
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    void submit()
  })

  return {
    show(wasLoggedIn) {
      view.hidden = false
      field("screen").value = screenName()
      wrong.textContent = wasLoggedIn ? translate("loggedOut") : ""
      void call<LoginOffer>("GET", "/api/kitchen/login").then(
        (found) => {
          offer = found
          paint()
        },
        () => {},
      )
    },
    hide() {
      view.hidden = true
    },
  }
}
