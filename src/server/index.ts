// The library: `import { serve } from "laba"`.
export { codes, type Code, type Retry } from "../../wire/codes.ts"
export { LabaError } from "../../wire/error.ts"
export type { Limits } from "../../wire/limits.ts"
export type { PublishAnswer } from "../http/publish-answer.ts"
export { RateLimiter } from "../access/limits/rate-limiter.ts"
export { addressGroupOf, networkProblem, TrustedProxies } from "../access/origins/client-address.ts"
export { forwardingHeaderOf, isLoopbackAddress, isLoopbackHost } from "../access/origins/loopback-guard.ts"
export { ConfigError, type ConfigInput } from "../config/config.ts"
export type {
  ClientMessage,
  Connected,
  Disconnected,
  Hooks,
  Nacked,
  Refusal,
  SubscribeAnswer,
  Subscribing,
  Verdict,
  Visitor,
  Welcome,
} from "../hooks/hooks.ts"
export type {
  FunctionAnswer,
  FunctionCall,
  FunctionContext,
  FunctionFile,
  MessageCall,
  RegisterCall,
  UnregisterCall,
  NackCall,
} from "../hooks/function-file.ts"
export { attributeOf, type Signed, type SignedHeaders, verifySignature } from "../hooks/signature.ts"
export { FileAside, type Found } from "../reactions/file-aside.ts"
export { FilePlace } from "../reactions/file-place.ts"
export { react, type Reacting, type ReactOptions } from "../reactions/react.ts"
export {
  type Aside,
  type Attempt,
  type KeptPlace,
  NeverAgain,
  type Reaction,
  type SetAside,
} from "../reactions/reaction.ts"
export type { Failed } from "../reactions/reaction-runner.ts"
export { tryAgain, type TryAgainOptions } from "../reactions/try-again.ts"
export type { PublishData } from "./publishing/publish-data.ts"
export type { Alarm } from "../silence/silence.ts"
export { e164, type Sms, SmsRefused, type SmsSender } from "../silence/sms/sms.ts"
export { tencentSms, type TencentSmsOptions } from "../silence/sms/tencent.ts"
export { twilioSms, type TwilioSmsOptions } from "../silence/sms/twilio.ts"
export { isRewrittenUnrouted, rawTargetRoutes } from "../transports/raw-target.ts"
export { tokenVerifier, type VerifiedToken, type VerifiesTokens } from "./token-verifier.ts"
export { type Laba, type PublishOptions, serve, type ServeOptions } from "./serve.ts"
