// The contract of a directory of sessions that their clients name: where in the cluster each lives. A session is known by the id of its
// connection, which names the node's run (`runOf`), so that two of one name are told apart, one after the other too.

export interface SessionDirectory {
  /** The session of that name; it may have gone. Null: there is none. Throws `engine_unavailable`. */
  find(name: string): Promise<string | null>
  /**
   * Takes a name for a session of this node, in one step: whoever asks first has it. Answers whose it is then. What this node had under the
   * name, and `insteadOf`, which is known to have gone, give way. Throws `engine_unavailable`.
   */
  claim(name: string, id: string, insteadOf: string | null): Promise<string>
  /** The session has gone, and its name is free. */
  release(name: string, id: string): void
}

/** Of a node without others: what lives here is known here. */
export const noOtherSessions: SessionDirectory = {
  find: async () => null,
  claim: async (_name, id) => id,
  release: () => undefined,
}
