// A disk of a few mebibytes, mounted in memory, so that a test can fill it. Needs the right to mount (`.mount.test.ts`).
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

interface SmallDisk extends Disposable {
  readonly path: string
}

export function smallDisk(mebibytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), "laba-disk-"))
  run("mount", "-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", path)
  return {
    path,
    [Symbol.dispose]() {
      run("umount", path)
      rmSync(path, { recursive: true })
    },
  }
}

function run(...command: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(command)
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString()}`)
}
