import type { HostFacts } from "../../provider/facts/host-facts";
import { keyOf, planAbsent, planPresent } from "../../provider/plan/kinds/kinds";
import { simulate } from "../../provider/steps/steps";
import { attach } from "./attach-wish";
import { textFile, withVmConfigs } from "./host-files";
import { LAB, ownedBy } from "./recorded-host";

const DEV = ownedBy("dev", "token-1");
const WISH = attach("01:00.0", "web", { scope: "config" });
const CONFIG = 'name = "web"\n';
const PATH = "/etc/xen/web.cfg";
const UUID = "6a1c7a36-6fd4-4d5e-9a58-1c2b3a4d5e6f";

const before = withVmConfigs(LAB, textFile(PATH, CONFIG));
const attached = simulate(before, planPresent(before, WISH, DEV).steps);
const written = attached.files.byPath.get(PATH)?.text ?? "";

const changes: readonly [string, HostFacts, string, string][] = [
  [
    "got a uuid since",
    withVmConfigs(attached, textFile(PATH, `${written}uuid = "${UUID}"\n`)),
    PATH,
    `${CONFIG}uuid = "${UUID}"\n`,
  ],
  ["is described by another file now", moved(attached, "/etc/xen/moved.cfg"), "/etc/xen/moved.cfg", CONFIG],
];
describe.each(changes)("a VM that %s", (_, facts, path, clean) => {
  test("loses the entry, and the claim goes, when its attachment ends", () => {
    const { steps, refusals } = planAbsent(facts, WISH, DEV);
    expect(refusals).toEqual([]);
    const after = simulate(facts, steps);
    expect(after.files.byPath.get(path)?.text).toBe(clean);
    expect(after.claims).toEqual([]);
  });

  test("keeps its attachment under the same claim", () => {
    const after = simulate(facts, planPresent(facts, WISH, DEV).steps);
    expect(after.claims.map(({ key }) => key)).toEqual([keyOf(attached, WISH)]);
    expect(planPresent(after, WISH, DEV).steps).toEqual([]);
  });
});

function moved(facts: HostFacts, path: string): HostFacts {
  const { files } = withVmConfigs(facts, textFile(path, written));
  const byPath = new Map(files.byPath);
  byPath.delete(PATH);
  return { ...facts, files: { ...files, byPath } };
}
