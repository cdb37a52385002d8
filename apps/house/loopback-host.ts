// Which hosts are this machine, by whatever name a program calls it.

/** `localhost`, or an address of the loopback interface. */
export const isLoopbackHost = (host: string): boolean =>
  /^(localhost|(::ffff:)?127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host)
