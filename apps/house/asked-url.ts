// The address that a request asks for, as its sender wrote it: that may be none.

/** Null when it is no address. A request that names no host has asked for this machine. */
export const askedUrl = (request: Request): URL | null => URL.parse(request.url, "http://127.0.0.1")
