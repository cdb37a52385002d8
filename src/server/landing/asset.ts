// What the landing page serves beside itself: a type, and a text held in memory or a file.

export interface LandingAsset {
  /** Content-Type. */
  readonly type: string
  readonly body: string | Blob
  /** Content-Security-Policy. Default: the landing page's own. */
  readonly policy?: string
}
