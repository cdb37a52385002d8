// The library: `import { serve } from "laba"`.
export { codes, type Code, type Retry } from "../../wire/codes.ts"
export { LabaError } from "../../wire/error.ts"
export type { Limits } from "../../wire/limits.ts"
export type { PublishAnswer } from "../api/publish.ts"
export { ConfigError, type ConfigInput } from "../config/config.ts"
export type {
  ClientMessage,
  Connected,
  Disconnected,
  Hooks,
  Refusal,
  Verdict,
  Visitor,
  Welcome,
} from "../hooks/hooks.ts"
export type { PublishData } from "./payload.ts"
export { type Laba, type PublishOptions, serve, type ServeOptions } from "./serve.ts"
