// `fdatasync` as a promise: the wait for the disk, off the loop.
import { fdatasync } from "node:fs"

/** Resolves when all that was written to the open file outlives the machine. */
export const syncToDisk = (file: number): Promise<void> =>
  new Promise((resolve, reject) => fdatasync(file, (error) => (error ? reject(error) : resolve())))
