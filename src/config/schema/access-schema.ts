// The schema of what is configured about access. What needs more than a shape to be checked is in ../checks/access-problems.ts.
import { z } from "zod"
import { milliseconds, texts } from "./schema-pieces.ts"

const who = z.enum(["anyone", "token", "owner", "key", "nobody"]).optional()

export const permissionsShape = {
  listen: who,
  publish: who,
  presence: z
    .union([z.boolean(), z.enum(["anyone", "token", "owner", "key", "nobody"])], {
      error: 'must be true or false, or who may see it: "anyone", "token", "owner", "key" or "nobody"',
    })
    .optional(),
  readHistory: who,
  manage: who,
}

const patterns = z.array(z.string()).default([])

const key = z.strictObject({
  name: z.string(),
  sha256: z.string(),
  publish: patterns,
  listen: patterns,
  manage: patterns,
})

const issuerShape = {
  secret: texts.optional(),
  publicKeys: z.array(z.string().min(1)).optional(),
  jwks: z.string().min(1).optional(),
  issuer: z.string().min(1).optional(),
  audience: texts.optional(),
  userPrefix: z.string().max(40).optional(),
}

const seconds = milliseconds('"5s", "1h" or "24h"').transform((given) => given / 1000)

export const accessShape = {
  keys: z.array(key).default([]),
  tokens: z
    .strictObject({
      ...issuerShape,
      otherIssuers: z.array(z.strictObject(issuerShape)).default([]),
      lifetimeMax: seconds.default(24 * 3600),
      leeway: seconds.default(5),
      cookie: z.string().min(1).optional(),
      inQuery: z.boolean().default(false),
    })
    .optional(),
  origins: z.array(z.string().min(1)).optional(),
  proxies: z.array(z.string().min(1)).default([]),
}

const issuerSchema = z.strictObject(issuerShape)
const accessSchema = z.strictObject(accessShape)

export type IssuerOutput = z.output<typeof issuerSchema>
export type AccessOutput = z.output<typeof accessSchema>
export type PermissionsOutput = z.output<z.ZodObject<typeof permissionsShape>>
