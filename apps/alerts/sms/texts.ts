// What customers are told by text message, in their language. Short: a part of an SMS has 70 characters in Chinese, 160 in
// English.
import { money, type Payment } from "../payments/payment.ts"

/** A name is what its owner typed; a long one must not cost a second message. */
const nameCharsMax = 20

export function paidUntilText({ customer, amount, paidUntil }: Payment): string {
  const name = Array.from(customer.name).slice(0, nameCharsMax).join("")
  return customer.language === "en"
    ? `Hi ${name}, we received ${money(amount)}. You have paid until ${paidUntil}. Thank you!`
    : `【喇叭】${name}，已收到${money(amount)}，服务有效期至${paidUntil}，谢谢！`
}
