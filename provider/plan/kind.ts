import type { z } from "zod";
import type { HostFacts } from "../facts/host-facts";
import type { Part } from "./part";
import type { PlanContext, Wish } from "./wish";

/** Inputs by name. */
export type Bag = Readonly<Record<string, unknown>>;

/** What a plan is for: a declaration that is there, or one that has gone. */
export type Purpose = "present" | "absent";

/** One kind of resource: all that makes it different from the others. Pure. */
export interface Kind<W extends Wish, S extends object> {
  /** Every input by name; unknown names are refused. */
  readonly inputs: z.ZodObject;
  /** The inputs that the key is made of: another one is another resource, unless the key stays. */
  readonly keyInputs: readonly string[];
  /** Further inputs whose change replaces the resource. */
  readonly identity: readonly string[];
  /** The property at which refusals are shown; none where the engine would print secrets beside it. */
  readonly property: "device" | "";
  /** The wish of inputs that were checked; other members of the bag are passed over. Throws a ZodError. */
  wish(bag: Bag): W;
  /** The key on its host: that of its claim, and its id without the machine. Undefined while its VM cannot be found. */
  key(facts: HostFacts, wish: W): string | undefined;
  /** The wish of a resource in the state, by what its key names: that counts more than names of the past. */
  stored(wish: W, key: string): W;
  /** What makes the wish true. */
  present(facts: HostFacts, wish: W, context: PlanContext): Part;
  /** What gives back what the wish changed; already gone is an empty part. */
  absent(facts: HostFacts, wish: W, context: PlanContext): Part;
  /** What the wish has come to, as outputs. */
  status(facts: HostFacts, wish: W, key: string): S;
  /** Whether nothing of the wish is left on the host, neither our claim nor its effect. */
  isGone(facts: HostFacts, wish: W, key: string): boolean;
  /** `make 0000:01:00.0 assignable`: what follows "Unable to" in errors. */
  purpose(facts: HostFacts | undefined, wish: W, purpose: Purpose): string;
}

/** What a kind says of its inputs, typed by their declaration. */
type KindDraft<Shape extends z.ZodRawShape, W extends Wish, S extends object> = Omit<
  Kind<W, S>,
  "inputs" | "keyInputs" | "identity" | "wish" | "stored"
> & {
  readonly inputs: z.ZodObject<Shape, z.core.$strict>;
  readonly keyInputs: readonly (keyof Shape & string)[];
  readonly identity: readonly (keyof Shape & string)[];
  wish(inputs: z.infer<z.ZodObject<Shape>>): W;
  stored?(wish: W, key: string): W;
};

/** Makes a kind of a draft whose `wish` takes parsed inputs. */
export function defineKind<Shape extends z.ZodRawShape, W extends Wish, S extends object>(
  draft: KindDraft<Shape, W, S>,
): Kind<W, S> {
  const { inputs } = draft;
  const names = Object.keys(inputs.shape);
  return {
    ...draft,
    wish: (bag) =>
      draft.wish(inputs.parse(Object.fromEntries(names.flatMap((name) => (name in bag ? [[name, bag[name]]] : []))))),
    stored: draft.stored ?? ((wish) => wish),
  };
}
