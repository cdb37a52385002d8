#!/usr/bin/env node
// What npm runs as `laba`. Starts the command line under Bun; what the commands do is in src/cli/.
import { fileURLToPath } from "node:url"
import { runBun } from "./run-bun.mjs"

// Flags of Bun's that help whoever works on Laba itself. They stand before the command, as in `laba --watch serve`.
const bunFlag =
  /^--(watch|hot|no-clear-screen|smol|inspect(-wait|-brk)?|cpu-prof(-[a-z]+)?|heap-prof(-[a-z]+)?)(=.*)?$/

const beside = (path) => fileURLToPath(new URL(path, import.meta.url))

const args = process.argv.slice(2)
const flags = []
while (args.length > 0 && bunFlag.test(args[0])) flags.push(args.shift())

// Neither the settings nor the .env file of the folder we happen to be started in are meant for Laba.
runBun([
  ...flags,
  `--config=${beside("bunfig.toml")}`,
  "--no-env-file",
  beside("../src/cli/main.ts"),
  ...args,
])
