import { planPresent } from "../../provider/plan/kinds/kinds";
import type { AttachWish } from "../../provider/plan/wish";
import { attach } from "./attach-wish";
import { textFile, withVmConfigs } from "./host-files";
import { LAB, ownedBy } from "./recorded-host";

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
