// How a bill stands, in a word for people.
import type { BillRecord } from "../model/bill.ts"
import type { Word } from "./words.ts"

/** Of a bill that the clock has closed nobody knows that it was refused: it may well have been handed over. */
export const stateWord = ({ state, reason }: BillRecord): Word => (reason === "forgotten" ? "ended" : state)
