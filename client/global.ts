// The one-file build: everything under the global `Laba`, for pages without a bundler.
import { connect, LabaFailure, LabaSocket } from "./index.ts"

Object.assign(globalThis, { Laba: { connect, LabaFailure, LabaSocket } })
