#!/usr/bin/env node
// Runs the pinned Bun with the given arguments, for npm scripts: the tool chain of this repository is Bun's own.
import { runBun } from "./run-bun.mjs"

runBun(process.argv.slice(2))
