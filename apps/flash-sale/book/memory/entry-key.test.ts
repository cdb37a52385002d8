// A key is found wherever it stands: in memory while its ticket waits, and in the books after that.
import { expect, test } from "bun:test"
import { World } from "../../test/world.ts"

test("a ticket is known by its key before its decision, after it, and after a restart; and by no other key", async () => {
  const world = new World({ items: [{ id: "i", title: "A thing", stock: 1, price: 100 }] })
  using _ = world
  await world.admitted("ann", { key: "mine" })
  const known = () => {
    const ticket = world.ticket(1)
    return {
      isInMemory: ticket.key !== null,
      answers: ["mine", "other", ""].map((key) => world.sale.enteredWith(ticket, key)),
    }
  }
  expect(known()).toEqual({ isInMemory: true, answers: [true, false, false] })
  world.revive()
  expect(known()).toEqual({ isInMemory: true, answers: [true, false, false] })
  world.sale.step()
  expect(known()).toEqual({ isInMemory: false, answers: [true, false, false] })
  world.revive()
  expect(known()).toEqual({ isInMemory: false, answers: [true, false, false] })
})
