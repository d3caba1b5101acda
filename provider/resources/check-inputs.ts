import type { ResourceKind } from "../claims/claim-key";
import type { Bag } from "../plan/kind";
import { KINDS } from "../plan/kinds/kinds";
import { pick, plain } from "./input-bag";
import { type Failure, failuresOf, IN_WORDS } from "./input-failures";
import { containsUnknown } from "./unknowns";

/** Inputs as a state keeps them, or what is wrong with them. */
export interface Checked {
  readonly inputs: Bag;
  readonly failures: readonly Failure[];
}

/** Checks what a program gives a resource of a kind, without asking a host. Unknown inputs stay unknown. */
export function checkInputs(kind: ResourceKind, given: Bag): Checked {
  const schema = KINDS[kind].inputs;
  const names = Object.keys(schema.shape);
  const unknown = names.filter((name) => containsUnknown(given[name]));
  const known = Object.keys(given).filter((name) => !unknown.includes(name));
  const checked = (unknown.length > 0 ? schema.partial() : schema).safeParse(pick(given, known), IN_WORDS);
  if (!checked.success) return { inputs: given, failures: failuresOf(checked.error, given, schema) };
  return { inputs: { ...given, ...plain(checked.data) }, failures: [] };
}
