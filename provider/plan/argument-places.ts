import { edited } from "../boot/boot-edit";
import type { ArgumentEdit, KernelLine } from "../boot/kernel-line";
import type { HostFacts } from "../facts/host-facts";
import { editBootArguments } from "./boot-lines";

/** What the undo of a claim entry records: the places that had the argument without us. */
interface Kept {
  readonly kept?: string[] | undefined;
}

/**
 * The places that have an argument before we add it, for the claim: those from which the removal would take something
 * now. Once a claim has recorded them (`known`: the undos for the same argument), what is there may be ours.
 */
export function keptPlaces(facts: HostFacts, line: KernelLine, removal: ArgumentEdit, known: readonly Kept[]): Kept {
  const places = known.length > 0 ? known.flatMap(({ kept }) => kept ?? []) : placesWith(facts, line, removal);
  return places.length === 0 ? {} : { kept: [...new Set(places)] };
}

/** The same removal, but for the places that had the argument without us. */
export function sparing(removal: ArgumentEdit, undos: readonly Kept[]): ArgumentEdit {
  const kept = new Set(undos.flatMap((undo) => undo.kept ?? []));
  return {
    ...removal,
    edit: (commandLine, place) => (kept.has(place) ? edited(commandLine) : removal.edit(commandLine, place)),
  };
}

function placesWith(facts: HostFacts, line: KernelLine, removal: ArgumentEdit): readonly string[] {
  const places: string[] = [];
  const record = (commandLine: string, place: string) => {
    const edit = removal.edit(commandLine, place);
    if (edit.kind === "edited" && edit.text !== commandLine) places.push(place);
    return edited(commandLine);
  };
  editBootArguments(facts, line, { name: removal.name, edit: record }, "remove");
  return places;
}
