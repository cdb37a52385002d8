// Text in two languages at once: both stand in the page, and the stylesheet shows the one that `<html lang>` names. So a
// page can be read without a script, and switching needs no reload.

/** The same in both languages. */
export type Both = readonly [english: string, chinese: string]

/** Trusted markup in both. */
export const both = (english: string, chinese: string): string =>
  `<span lang="en">${english}</span><span lang="zh-CN">${chinese}</span>`
