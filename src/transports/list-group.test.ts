import { expect, test } from "bun:test"
import { ListGroup } from "./list-group.ts"
import type { Listener } from "./transport.ts"

class SilentGroup extends ListGroup<Listener> {
  write(): void {}
}

const listener = () => ({ groupIndex: -1 }) as Listener

test("removing one that is no member, or no longer, removes nobody", () => {
  const group = new SilentGroup()
  const [first, second, third] = [listener(), listener(), listener()]
  for (const one of [first, second]) group.add(one)
  group.remove(third)
  expect(group.members).toEqual([first, second])
  group.remove(first)
  group.remove(first)
  expect(group.members).toEqual([second])
  group.remove(second)
  expect(group.members).toEqual([])
})
