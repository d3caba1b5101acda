import type { HostFacts } from "../../provider/facts/host-facts";
import { FactsCache, NO_QUESTIONS } from "../../provider/resources/facts-cache";
import { LAB } from "../plan/recorded-host";

/** A cache over a host whose answers are given by hand, in any order. */
function slowHost() {
  const readings: { paths: readonly string[]; libvirt: boolean; answer: (facts: HostFacts) => void }[] = [];
  const cache = new FactsCache(
    (_, { vmConfigPaths, libvirt }) =>
      new Promise((answer) => {
        readings.push({ paths: vmConfigPaths, libvirt, answer });
      }),
    () => 0,
  );
  return { cache, readings };
}

const asking = (...vmConfigPaths: string[]) => ({ ...NO_QUESTIONS, vmConfigPaths });
const facts = (bootId: string): HostFacts => ({ ...LAB, machine: { ...LAB.machine, bootId } });

test("facts are read once for all who ask the same", async () => {
  const { cache, readings } = slowHost();
  const both = [cache.get("work", NO_QUESTIONS), cache.get("preview", NO_QUESTIONS)];
  readings[0]?.answer(facts("1"));
  expect((await Promise.all(both)).map(({ machine }) => machine.bootId)).toEqual(["1", "1"]);
  expect(readings).toHaveLength(1);
});

test("an answer that comes late does not replace that to more questions", async () => {
  const { cache, readings } = slowHost();
  const first = cache.get("work", NO_QUESTIONS);
  const second = cache.get("work", asking("/srv/a.cfg"));
  readings[1]?.answer(facts("with the file"));
  await second;
  readings[0]?.answer(facts("without"));
  await first;
  expect((await cache.get("work", NO_QUESTIONS)).machine.bootId).toBe("with the file");
  expect(readings).toHaveLength(2);
});

test("questions add up, whoever asks, and libvirt stays asked", async () => {
  const { cache, readings } = slowHost();
  void cache.get("work", asking("/srv/a.cfg"));
  void cache.get("work", { ...asking("/srv/b.cfg"), libvirt: true });
  expect(readings.at(-1)).toMatchObject({ paths: ["/srv/a.cfg", "/srv/b.cfg"], libvirt: true });
  cache.forget();
  void cache.get("work", NO_QUESTIONS);
  expect(readings.at(-1)).toMatchObject({ paths: ["/srv/a.cfg", "/srv/b.cfg"], libvirt: true });
});

test("a reading that fails is read anew by the next", async () => {
  let tries = 0;
  const cache = new FactsCache(async () => {
    tries++;
    if (tries === 1) throw new Error("cut");
    return LAB;
  }, Date.now);
  await expect(cache.get("work", NO_QUESTIONS)).rejects.toThrow("cut");
  expect(await cache.get("work", NO_QUESTIONS)).toBe(LAB);
});

describe("recent facts", () => {
  let now = 0;
  const cache = new FactsCache(
    async () => LAB,
    () => now,
  );
  beforeEach(() => {
    now = 0;
    cache.forget();
  });

  test("are those that were asked for a moment ago, and answer all questions", async () => {
    expect(await cache.recent(30_000)).toBeUndefined();
    await cache.get("work", NO_QUESTIONS);
    now = 30_000;
    expect(await cache.recent(30_000)).toBe(LAB);
    now = 30_001;
    expect(await cache.recent(30_000)).toBeUndefined();
  });

  test("are those that an apply printed", async () => {
    now = 60_000;
    cache.keep(facts("after"), NO_QUESTIONS);
    now = 70_000;
    expect((await cache.recent(30_000))?.machine.bootId).toBe("after");
  });
});
