// Which messages are meant: `when` and `unless` of the configuration. A value that is not there equals nothing but null.
import type { MessageValues } from "./message-values.ts"
import { parseReference, type Placeholder } from "./template.ts"

type Scalar = string | number | boolean | null

/** Values by what they are compared with: `{ json.status: [won, lost] }`. */
export type ConditionInput = Readonly<Record<string, Scalar | readonly Scalar[]>>

interface Comparison {
  readonly placeholder: Placeholder
  readonly wanted: readonly Scalar[]
}

export class Condition {
  private readonly comparisons: readonly Comparison[]

  /** Throws `TemplateError`. */
  constructor(input: ConditionInput, fields: readonly string[]) {
    this.comparisons = Object.entries(input).map(([name, wanted]) => ({
      placeholder: {
        reference: parseReference(withoutBraces(name), fields),
        text: `{${withoutBraces(name)}}`,
      },
      wanted: Array.isArray(wanted) ? (wanted as readonly Scalar[]) : [wanted as Scalar],
    }))
  }

  /** Whether all comparisons hold. Throws `MessageFault` where a message cannot be read for it. */
  all(values: MessageValues): boolean {
    return this.comparisons.every((one) => holds(one, values))
  }

  /** Whether one of them holds. */
  any(values: MessageValues): boolean {
    return this.comparisons.some((one) => holds(one, values))
  }
}

const withoutBraces = (name: string): string => /^\{(.*)\}$/.exec(name)?.[1] ?? name

function holds({ placeholder, wanted }: Comparison, values: MessageValues): boolean {
  const value = values.optional(placeholder)
  return wanted.some((one) => {
    if (value === undefined || one === null) return value === undefined && one === null
    return value === String(one) || (typeof one === "number" && value.trim() !== "" && Number(value) === one)
  })
}
