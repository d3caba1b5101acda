import { spawnSync } from "node:child_process";

/** Makes a namespace of process ids, where the next process has the number of those before it plus one. */
const NAMESPACE = ["unshare", "--pid", "--fork"];

/** Whether this machine lets us count processes: Linux, with the right to make namespaces. */
export const canCount = spawnSync(NAMESPACE[0] ?? "", [...NAMESPACE.slice(1), "true"]).status === 0;

/** How many processes a shell starts for what it reads, itself not counted. */
export function countProcesses(shell: readonly string[], script: string, args: readonly string[]): number {
  // The shell is process 2, and what tells the last number is a process too.
  const counted = ["dash", "-c", `"$@" > /dev/null 2>&1; sh -c 'echo $$'`, "dash", ...shell, "-s", "--", ...args];
  const [program = "", ...words] = [...NAMESPACE, ...counted];
  const { stdout, stderr } = spawnSync(program, words, { input: Buffer.from(script, "latin1"), encoding: "latin1" });
  const last = Number(stdout);
  if (!Number.isInteger(last) || last < 3) throw new Error(`processes could not be counted: ${stdout}${stderr}`);
  return last - 3;
}
