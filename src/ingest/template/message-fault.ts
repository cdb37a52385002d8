// Why a message cannot be published, however often it is tried.

/** The message itself is at fault: it is set aside with this reason, a sentence for people. */
export class MessageFault extends Error {
  override readonly name = "MessageFault"
}
