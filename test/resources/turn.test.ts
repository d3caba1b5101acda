import type { HostFacts } from "../../provider/facts/host-facts";
import type { Plan } from "../../provider/plan/plan";
import { planTurn } from "../../provider/resources/turn";
import { LAB } from "../plan/recorded-host";
import { EMPTY_PLAN } from "./empty-plan";

const change = (label: string, plan: (facts: HostFacts) => Plan) => ({
  label,
  purpose: `change ${label}`,
  device: undefined,
  safety: { confirm: "never", confirmSeconds: 60 } as const,
  progress: () => {},
  signal: undefined,
  plan,
});
const isLoaded = ({ pciback }: HostFacts) => pciback.registered;
const refusal: Plan = { ...EMPTY_PLAN, refusals: [{ guard: "in-use-by-vm", message: 'the VM "web1" has it' }] };

test("what waits for a change that came later is planned behind it", () => {
  const release = change("release", (facts) =>
    isLoaded(facts) ? { ...EMPTY_PLAN, steps: [{ kind: "load-pciback" }] } : refusal,
  );
  const detach = change("detach", () => ({ ...EMPTY_PLAN, steps: [{ kind: "load-pciback" }] }));
  const never = change("never", () => refusal);
  const { act, refused } = planTurn({ ...LAB, pciback: { ...LAB.pciback, registered: false } }, [
    release,
    never,
    detach,
  ]);
  expect(act?.kind === "apply" && act.planned.map(({ change: { label } }) => label)).toEqual(["detach", "release"]);
  expect(refused.map(({ change: { label } }) => label)).toEqual(["never"]);
});
