import { withoutTrace } from "../../../provider/adapters/dynamic/without-trace";
import { ConnectionError } from "../../../provider/errors";

test("an error that ends the calls of several resources is printed for none; what is no error of ours is", async () => {
  const print = jest.spyOn(console, "error").mockImplementation(() => {});
  const gone = new ConnectionError("refused", "Unable to reach xen1.");
  const calls = [1, 2, 3].map(() => withoutTrace(() => Promise.reject(gone)));
  expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  // As the engine's provider process does for each.
  for (const _ of calls) console.error(`${gone}: ${gone.stack}`);
  console.error("a bug");
  expect(print.mock.calls).toEqual([["a bug"]]);
});
