import { hostThatAnswers, judgeLoss } from "./judged-host";
import { NETWORK_SITUATIONS } from "./network-situations";

test.each(NETWORK_SITUATIONS.map((situation) => [situation.title, situation] as const))("%s", (_, situation) => {
  const judgements = judgeLoss(hostThatAnswers(situation), situation.lost).filter(
    // A bridge is refused whatever it carries.
    ({ guard }) => guard !== "bridge",
  );
  expect(judgements).toEqual(
    situation.refusals.map(([guard, evidence]) => ({ guard, evidence: expect.stringContaining(evidence) })),
  );
});

test("every situation has its source", () => {
  expect(NETWORK_SITUATIONS.filter(({ source }) => source === "")).toEqual([]);
});
