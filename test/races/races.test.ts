import { contest, race } from "./race";

test("4 stacks change one host at once, twice each: nothing is lost, and nobody starves", async () => {
  await race(4, 2, 1);
}, 600_000);

test("of 4 stacks that want one device exactly one has it, the others are told which, and it goes to the next when it is free", async () => {
  await contest(4, 1);
}, 600_000);
