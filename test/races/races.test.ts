import { contest, race } from "./race";

test.each([
  { stacks: 4, rounds: 2 },
  { stacks: 8, rounds: 1 },
])(
  "$stacks stacks change one host at once, $rounds times each: nothing is lost, and nobody starves",
  async ({ stacks, rounds }) => {
    await race(stacks, rounds, 1);
  },
  600_000,
);

test("of 4 stacks that want one device exactly one has it, the others are told which, and it goes to the next when it is free", async () => {
  await contest(4, 1);
}, 600_000);
