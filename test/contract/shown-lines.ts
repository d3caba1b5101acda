/** What only preview says: up says it where it comes to that. */
export const FORETOLD_ONLY = /^if the host cannot be reached after this/;

/** What the engine shows at the end of a run under each resource: its name -> lines, without their indentation. */
export function linesByResource(output: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const line of output.slice(output.indexOf("\nDiagnostics:\n")).split("\n")) {
    const [, name] = /^ {2}\S+ \((.*)\):$/.exec(line) ?? [];
    if (name !== undefined) {
      current = found.get(name) ?? [];
      found.set(name, current);
    } else if (/^ {4}/.test(line)) current?.push(line.trim());
    else if (line !== "") current = undefined;
  }
  return found;
}
