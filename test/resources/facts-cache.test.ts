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
  });
  await expect(cache.get("work", NO_QUESTIONS)).rejects.toThrow("cut");
  expect(await cache.get("work", NO_QUESTIONS)).toBe(LAB);
});
