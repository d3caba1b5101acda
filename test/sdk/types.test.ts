import fs from "node:fs";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type * as pci from "../../sdk";

const ROOT = path.dirname(path.dirname(__dirname));

/** The modules that a file imports or exports from, as long as nobody calls anything. */
function importsOf(file: string): readonly string[] {
  const source = fs.readFileSync(file, "utf8");
  return [...source.matchAll(/^(?:import|export)\b[^;]*?\bfrom "([^"]+)";/gm)].map(([, from = ""]) => from);
}

/** Whatever the compiler reads for a program that imports this file, by what is not ours. */
function foreignModules(file: string, seen = new Set<string>()): readonly string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  return importsOf(file).flatMap((from) => {
    if (!from.startsWith(".")) return [from];
    const base = path.resolve(path.dirname(file), from);
    return foreignModules(fs.existsSync(`${base}.ts`) ? `${base}.ts` : `${base}/index.ts`, seen);
  });
}

test("a program's compiler reads types of Pulumi alone: others do not compile under each setting", () => {
  const foreign = new Set(foreignModules(path.join(ROOT, "sdk/index.ts")));
  expect([...foreign].filter((name) => !name.startsWith("@pulumi/pulumi"))).toEqual([]);
});

test("a host for resources is one for getPciDevices, and `allow` takes what can be allowed (held by the compiler)", () => {
  const host: pci.HostArgs = { address: "xen1", user: "root" };
  const query: pci.GetPciDevicesOutputArgs = { host };
  const plain: Parameters<typeof pci.getPciDevices>[0] = { host };
  const args: pci.AssignableDeviceArgs = {
    host,
    device: "01:00.0",
    // @ts-expect-error nothing overrides this guard
    allow: ["claimed"],
  };
  expect([query.host, plain.host, pulumi.Output.isInstance(args.allow)]).toEqual([host, host, false]);
});
