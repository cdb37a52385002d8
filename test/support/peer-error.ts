// A program that a test needs beside ours failed: Redis did not start, Sentinels did not agree. It says nothing of us.

export class PeerError extends Error {
  override readonly name = "PeerError"
}
