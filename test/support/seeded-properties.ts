// Read before the tests: properties draw their values from the seed of the run.
import fc from "fast-check"
import { seed } from "./seed.ts"

fc.configureGlobal({ seed })
