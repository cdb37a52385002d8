// One slow reader may listen to several channels, and each channel's rule has its say.
import type { Hub } from "../hub/hub.ts"
import type { Listener } from "./transport.ts"

/**
 * Makes a slow reader's listeners skip. The answer makes them live again and is to be called once the reader has drained;
 * null when a channel's rule says that the reader is to be closed, or when it listens to nothing.
 */
export function startSkipping(hub: Hub, listeners: Iterable<Listener>): (() => void) | null {
  const resumes: (() => void)[] = []
  for (const listener of listeners) {
    const resume = hub.startSkipping(listener)
    // It is one reader that is closed, so the channels that would have said the same are not asked, and it counts once.
    if (!resume) return null
    resumes.push(resume)
  }
  if (resumes.length === 0) return null
  return () => {
    for (const resume of resumes) resume()
  }
}
