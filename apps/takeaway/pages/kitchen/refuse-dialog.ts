// Asks why a bill is refused: one of the usual reasons, which customers read in their own language, or a few words.
import { element, find } from "../../../kit/browser/elements.ts"
import { type BillRecord, clockReasons, reasons } from "../../model/bill.ts"
import { translate } from "../language.ts"

let chosen: ((reason: string) => void) | null = null

/** Calls back when a reason was given; not when somebody thought better of it. */
export function askReason({ number }: BillRecord, refused: (reason: string) => void): void {
  const dialog = find<HTMLDialogElement>("#refuse")
  const field = find<HTMLInputElement>("#refuse [name=reason]")
  chosen = (reason) => {
    dialog.close()
    refused(reason)
  }
  find("#refuse-title").textContent = translate("refuseTitle", { number })
  field.value = ""
  find("#refuse .reasons").replaceChildren(
    ...reasons
      .filter((reason) => !(clockReasons as readonly string[]).includes(reason))
      .map((reason) =>
        element(
          "button",
          { type: "button", "data-reason": reason, onclick: () => chosen?.(reason) },
          translate(reason),
        ),
      ),
  )
  dialog.showModal()
}

find("#refuse .back").addEventListener("click", () => find<HTMLDialogElement>("#refuse").close())
find("#refuse form").addEventListener("submit", (event) => {
  event.preventDefault()
  const field = find<HTMLInputElement>("#refuse [name=reason]")
  if (field.value.trim() === "") field.focus()
  else chosen?.(field.value.trim())
})
