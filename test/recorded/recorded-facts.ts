import fs from "node:fs";
import path from "node:path";
import { type HostFacts, hostFactsShell, readHostFacts } from "../../provider/facts/host-facts";

/** The facts of a host that was recorded; questions that are newer than the record count as unanswered there. */
export function recordedFacts(host: string): HostFacts {
  const recorded = fs.readFileSync(path.join(__dirname, host, "facts.txt"), "latin1");
  const asked = [...hostFactsShell({ vmConfigPaths: [], libvirt: false }).matchAll(/^ {2}answer (\w+)$/gm)].map(([, name]) => name);
  const newer = asked.filter((name) => !recorded.includes(`\n@${name}\n`)).map((name) => `@${name}\n|\n|=1\n`);
  return readHostFacts(recorded.replace("@facts-end", `${newer.join("")}@facts-end`));
}
