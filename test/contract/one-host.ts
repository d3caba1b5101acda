import { connectionPool } from "../../provider/host/connection-pool";
import type { TestHost } from "./test-host";

/** What the tests of a file need of their host. */
export interface OneHost<H extends TestHost> {
  readonly start: () => Promise<H>;
  /** Everything that a test must leave as it was, as text to compare. */
  readonly snapshot: (host: H) => Promise<string>;
  readonly timeoutMs: number;
}

/**
 * `test` for a file whose tests share one host. Every test gives it back as it was, byte for byte: that is half of what is tested. One
 * that failed leaves it behind in any state, so the next one gets another.
 */
export function testsOnOneHost<H extends TestHost>({ start, snapshot, timeoutMs }: OneHost<H>) {
  let host: H | undefined;
  let untouched = "";
  let isClean = false;

  beforeEach(async () => {
    if (isClean) return;
    await connectionPool.closeAll();
    await host?.stop();
    host = await start();
    untouched = await snapshot(host);
  }, timeoutMs);

  afterAll(async () => {
    await connectionPool.closeAll();
    await host?.stop();
  }, timeoutMs);

  return (name: string, body: (host: H) => Promise<void>): void =>
    it(
      name,
      async () => {
        if (host === undefined) throw new Error("the host did not start");
        isClean = false;
        await body(host);
        expect(await snapshot(host)).toBe(untouched);
        isClean = true;
      },
      timeoutMs,
    );
}
