// Text in two languages at once: both stand in the page, and the stylesheet shows the one that `<html lang>` names.
// So the page needs no script to be read, and switching needs no reload.

/** English and Chinese markup side by side. Both are trusted markup, not text from outside. */
export function both(english: string, chinese: string): string {
  return `<span lang="en">${english}</span><span lang="zh-CN">${chinese}</span>`
}

/** Makes text from outside safe inside elements and quoted attributes. */
export function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;")
}
