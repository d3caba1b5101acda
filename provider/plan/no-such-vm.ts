import { isLike } from "../likeness";

/** No message names more VMs. */
const MOST = 8;

/** The end of the refusal of a VM that does not exist: those that it may have meant, else those of `place`. */
export function vmsInstead(wanted: string, names: readonly string[], place: string): string {
  const like = names.filter((name) => isLike(name, wanted)).slice(0, MOST);
  if (like.length > 0) return `: did you mean ${like.map(quoted).join(" or ")}?`;
  if (names.length === 0) return `. ${place} has none`;
  const shown = names.slice(0, MOST).map(quoted).join(", ");
  return `. The VMs of ${place} are ${shown}${names.length > MOST ? ` and ${names.length - MOST} more` : ""}`;
}

function quoted(name: string): string {
  return `"${name}"`;
}
