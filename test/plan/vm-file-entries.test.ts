import type { HostFacts } from "../../provider/facts/host-facts";
import { planAbsent, planPresent } from "../../provider/plan/kinds/kinds";
import type { AttachWish } from "../../provider/plan/wish";
import { simulate } from "../../provider/steps/steps";
import { attach } from "./attach-wish";
import { textFile, withVmConfigs } from "./host-files";
import { address, LAB, listed, ownedBy } from "./recorded-host";

const toWeb = (more: Partial<AttachWish> = {}) => attach("01:00.0", "web", more);
const DEV = ownedBy("dev", "token-1");
const hostWith = (text: string) => withVmConfigs(LAB, textFile("/etc/xen/web.cfg", `name = "web"\n${text}`));

test("an attachment by file is refused when the device is another one than expected", () => {
  expect(planPresent(hostWith(""), toWeb({ expect: [{ id: "8086:1533" }] }), DEV).refusals).toMatchObject([
    { guard: "identity" },
  ]);
});

test("a list that has all functions of the slot by a wildcard gets no second entry", () => {
  const { steps, effects } = planPresent(hostWith("pci = ['01:00.*']\n"), toWeb(), DEV);
  expect({ effects, files: steps.filter(({ kind }) => kind !== "write-claim") }).toEqual({ effects: [], files: [] });
});

test("a device is not pulled out of a paused VM, whose guest cannot let it go", () => {
  const made = simulate(hostWith(""), planPresent(hostWith(""), toWeb(), DEV).steps);
  const running = (paused: boolean): HostFacts => ({
    ...made,
    domains: listed({
      id: 7,
      name: "web",
      uuid: undefined,
      paused,
      startedForDevices: true,
      disks: [],
      pciDevices: [{ address: address("01:00.0") }],
    }),
  });
  expect(planAbsent(running(false), toWeb(), DEV)).toMatchObject({
    refusals: [],
    steps: expect.arrayContaining([expect.objectContaining({ kind: "detach" })]),
  });
  expect(planAbsent(running(true), toWeb(), DEV).refusals).toMatchObject([
    { message: expect.stringContaining('the VM "web" is paused') },
  ]);
  expect(planAbsent(running(true), toWeb({ scope: "config" }), DEV).refusals).toEqual([]);
});
