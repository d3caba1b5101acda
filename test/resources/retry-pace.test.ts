import { ConnectionError, type ConnectionFailure } from "../../provider/errors";
import { RetryPace } from "../../provider/resources/retry-pace";

const after = (failure: ConnectionFailure) => new ConnectionError(failure, "");

test("a host that is not there is asked again soon, one that refuses the login four times in ten minutes at most", () => {
  const pace = new RetryPace(2000);
  const failures: ConnectionFailure[] = ["no-answer", "cut", "credentials-rejected", "refused", "credentials-rejected"];
  expect(failures.map((failure) => pace.after(after(failure)))).toEqual([2000, 2000, 60_000, 2000, 120_000]);
  expect([pace.after(after("host-key-wrong")), pace.after(after("not-root"))]).toEqual([240_000, 480_000]);
  expect(pace.after(undefined)).toBe(2000);
});
