// The library: `import { serve } from "laba"`.
export { codes, type Code, type Retry } from "../../wire/codes.ts"
export { LabaError } from "../../wire/error.ts"
export type { Limits } from "../../wire/limits.ts"
export type { PublishAnswer } from "../http/channels/publish.ts"
export { ConfigError, type ConfigInput } from "../config/config.ts"
export type {
  ClientMessage,
  Connected,
  Disconnected,
  Hooks,
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
} from "../hooks/function-file.ts"
export { attributeOf, type Signed, type SignedHeaders, verifySignature } from "../hooks/signature.ts"
export { FileAside, type Found } from "../react/file-aside.ts"
export { FilePlace } from "../react/file-place.ts"
export { react, type Reacting, type ReactOptions } from "../react/react.ts"
export {
  type Aside,
  type Attempt,
  type KeptPlace,
  NeverAgain,
  type Reaction,
  type SetAside,
} from "../react/reaction.ts"
export type { Failed } from "../react/reactor.ts"
export { tryAgain, type TryAgainOptions } from "../react/try-again.ts"
export type { PublishData } from "./publish-data.ts"
export type { Alarm } from "../watch/watch.ts"
export { e164, type Sms, SmsRefused, type SmsSender } from "../watch/sms/sms.ts"
export { tencentSms, type TencentSmsOptions } from "../watch/sms/tencent.ts"
export { twilioSms, type TwilioSmsOptions } from "../watch/sms/twilio.ts"
export { type Laba, type PublishOptions, serve, type ServeOptions } from "./serve.ts"
