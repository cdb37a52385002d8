// Somebody to pay with, so that a press is enough to see it all. Each is somebody new.

const names: Readonly<Record<"en" | "zh-CN", readonly string[]>> = {
  en: [
    "Ada Byron",
    "Grace Hopper",
    "Alan Kay",
    "Mary Shaw",
    "Edsger Park",
    "Barbara Lin",
    "Ken Ito",
    "Joan Clarke",
  ],
  "zh-CN": ["林小满", "陈一诺", "王子墨", "赵思远", "周可心", "吴晓东", "郑南枝", "孙予安"],
}

export interface Persona {
  readonly name: string
  readonly phone: string
}

const pick = (count: number): number => Math.floor(Math.random() * count)

export function somebody(language: "en" | "zh-CN"): Persona {
  const list = names[language]
  const digits = Array.from({ length: 8 }, () => pick(10)).join("")
  return {
    name: list[pick(list.length)] as string,
    phone: `+86 13${pick(10)} ${digits.slice(0, 4)} ${digits.slice(4)}`,
  }
}
