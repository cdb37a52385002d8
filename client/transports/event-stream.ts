// Reads server-sent events from pieces of text (WHATWG HTML 9.2), as far as sessions need: the data of each event.

/** Takes the next piece of a stream and calls `received` with the data of each event that it completed. */
export function createEventReader(received: (data: string) => void): (piece: string) => void {
  let rest = ""
  let data: string[] = []
  return (piece) => {
    rest += piece
    // A CR at the end may be half of a CRLF: it waits for the next piece.
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() as string
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) received(data.join("\n"))
        data = []
      } else if (line.startsWith("data:")) {
        data.push(line.slice(line[5] === " " ? 6 : 5))
      }
    }
  }
}
