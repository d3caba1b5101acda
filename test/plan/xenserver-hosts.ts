import { type HostFacts, readHostFacts } from "../../provider/facts/host-facts";
import type { XapiPool, XapiVm } from "../../provider/facts/xapi";
import { factsScript } from "../../provider/script/facts-script";
import { startSimulatedHost } from "../../simulator";

/** The facts of a fresh simulated host, to be changed for a case. No XenServer can be recorded here. */
export async function factsOf(profile: "xenserver-7" | "xcpng-8.3"): Promise<HostFacts> {
  const host = await startSimulatedHost({ name: "xs1", profile });
  try {
    const { stdout } = await host.exec(
      `set -- "$SSH_CONNECTION"\n${factsScript({ vmConfigPaths: [], libvirt: false })}`,
    );
    return readHostFacts(stdout);
  } finally {
    await host.stop();
  }
}

export function poolOf(facts: HostFacts): XapiPool {
  if (facts.xapi?.answer.kind !== "pool") throw new Error("XAPI does not answer");
  return facts.xapi.answer;
}

export function withPool(facts: HostFacts, change: Partial<XapiPool>): HostFacts {
  if (!facts.xapi) throw new Error("no XenServer");
  return { ...facts, xapi: { ...facts.xapi, answer: { ...poolOf(facts), ...change } } };
}

/** The facts with one VM changed. */
export function withVm(facts: HostFacts, name: string, change: Partial<XapiVm>): HostFacts {
  return withPool(facts, { vms: poolOf(facts).vms.map((vm) => (vm.name === name ? { ...vm, ...change } : vm)) });
}

/** The facts with other arguments of dom0 in the entries that xen-cmdline edits. */
export function withDom0Arguments(facts: HostFacts, ...added: readonly string[]): HostFacts {
  const { xenCmdline } = facts;
  if (!xenCmdline?.file) throw new Error("no xen-cmdline");
  const text = xenCmdline.file.text.replaceAll(/ ro nolvm/g, ` ro nolvm ${added.join(" ")}`);
  const known = added.filter((arg) => arg.startsWith("xen-pciback.hide="));
  return {
    ...facts,
    xenCmdline: { file: { ...xenCmdline.file, text }, hide: { kind: "arguments", arguments: known } },
  };
}

export function withGrub(facts: HostFacts, change: (text: string) => string): HostFacts {
  const { xenCmdline } = facts;
  if (!xenCmdline?.file) throw new Error("no xen-cmdline");
  return { ...facts, xenCmdline: { ...xenCmdline, file: { ...xenCmdline.file, text: change(xenCmdline.file.text) } } };
}
