// How a source's broker is reached over TLS, as its user writes it. The comments here are also the texts of the docs.

export interface SourceTlsInput {
  /** A PEM file with the authorities that its certificate is checked with. Default: those this machine trusts. */
  readonly ca?: string
  /** A PEM file: the certificate that we show. */
  readonly cert?: string
  /** A PEM file: the private key that belongs to it. */
  readonly key?: string
  /** The name that its certificate must be for. Default: the host of its address. */
  readonly serverName?: string
}
