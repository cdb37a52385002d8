// What answers at an address.
import type { ApiContext } from "./api-context.ts"
import type { Answer, ApiRequest } from "./api-request.ts"

export type Endpoint = (context: ApiContext, request: ApiRequest) => Answer

/** The methods of one address. */
export type Methods = Readonly<Record<string, Endpoint>>
