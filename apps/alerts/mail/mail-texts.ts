// The mails that are sent, each a template in both languages: whoever reads the company's mailbox may read either.
import { money, type Payment, plans } from "../payments/payment.ts"

interface MailText {
  readonly subject: string
  readonly text: string
}

export function newCustomerMail(payment: Payment): MailText {
  const { customer, amount, paidUntil, at, id } = payment
  const plan = plans.find((one) => one.id === payment.plan)
  const name = oneLine(customer.name)
  const when = new Date(at).toISOString().replace("T", " ").slice(0, 16)
  return {
    subject: `New paying customer: ${name} · 新付费客户`,
    text: `${name} has paid for the first time.

Plan        ${plan?.name.en ?? payment.plan}
Amount      ${money(amount)}
Paid until  ${paidUntil}
Phone       ${customer.phone}

${name} 首次付费。

套餐：${plan?.name["zh-CN"] ?? payment.plan}
金额：${money(amount)}
有效期至：${paidUntil}
手机：${customer.phone}

--
${id}, ${when} UTC
`,
  }
}

/** A name must not make lines of its own in a mail. */
const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim()
