import type { z } from "zod";
import type { Claim } from "../claims/claim";
import type { HostFacts } from "../facts/host-facts";
import type { Part } from "./part";
import type { PlanContext, Wish } from "./wish";

/** Inputs of a resource by name, not checked yet. */
export type Bag = Readonly<Record<string, unknown>>;

/** What a plan is for: a declaration that is in the program, or one that was removed. */
export type Purpose = "present" | "absent";

/** One kind of resource: everything that distinguishes it from the others. Pure. */
export interface Kind<W extends Wish, S extends object> {
  /** What it declares, and what a destroy does: for people who choose a resource. */
  readonly description: string;
  /** Every input by name, with its description; unknown names are refused. */
  readonly inputs: z.ZodObject;
  /** Every output by name, with its description. */
  readonly outputs: z.ZodObject;
  /** The inputs that form the key. A change replaces the resource, unless the key stays the same. */
  readonly keyInputs: readonly string[];
  /** Further inputs whose change replaces the resource. */
  readonly identity: readonly string[];
  /** Whether it changes how the host boots, and so rebuilds the boot files that a run that was cut off left out of date. */
  readonly changesBoot: boolean;
  /** Inputs that preview can do without while they wait for other resources. */
  readonly previewedWithout: readonly string[];
  /** Outputs that preview foretells: those that a run cannot make up, such as a token, are not among them. */
  readonly foretold: readonly string[];
  /** The property at which refusals are reported; empty where the engine would print secrets beside it. */
  readonly property: "device" | "";
  /** The wish that checked inputs express; other members of the bag are ignored. Throws a ZodError. */
  wish(bag: Bag): W;
  /** The key on its host, which names its claim and is part of its id. Undefined while its VM cannot be found. */
  key(facts: HostFacts, wish: W): string | undefined;
  /** The wish of a resource in the state. What its key names takes precedence over inputs that are out of date. */
  stored(wish: W, key: string): W;
  /** What makes the wish true. */
  present(facts: HostFacts, wish: W, context: PlanContext): Part;
  /** What reverts the changes of the wish; an empty part when nothing is left to revert. */
  absent(facts: HostFacts, wish: W, context: PlanContext): Part;
  /** The current state of the wish, as outputs. */
  status(facts: HostFacts, wish: W, key: string): S;
  /** The inputs that the claim on the host was made with other values of, and that no update changes. Without it: none. */
  madeOtherwise?(claim: Claim, wish: W): readonly string[];
  /** Whether nothing of the wish is left on the host, neither the claim nor its effect. */
  isGone(facts: HostFacts, wish: W, key: string): boolean;
  /** `make 0000:01:00.0 assignable`: what follows "Unable to" in errors. */
  purpose(facts: HostFacts | undefined, wish: W, purpose: Purpose): string;
}

/** A kind whose functions are typed by the declaration of its inputs. */
type KindDraft<Shape extends z.ZodRawShape, W extends Wish, S extends object> = Omit<
  Kind<W, S>,
  "inputs" | "outputs" | "keyInputs" | "identity" | "previewedWithout" | "foretold" | "wish" | "stored"
> & {
  readonly inputs: z.ZodObject<Shape, z.core.$strict>;
  readonly outputs: z.ZodObject<{ [name in keyof S]: z.ZodType }>;
  readonly keyInputs: readonly (keyof Shape & string)[];
  readonly identity: readonly (keyof Shape & string)[];
  readonly previewedWithout: readonly (keyof Shape & string)[];
  readonly foretold: readonly (keyof S & string)[];
  wish(inputs: z.infer<z.ZodObject<Shape>>): W;
  stored?(wish: W, key: string): W;
};

/** Turns a draft, whose `wish` takes parsed inputs, into a kind. */
export function defineKind<Shape extends z.ZodRawShape, W extends Wish, S extends object>(
  draft: KindDraft<Shape, W, S>,
): Kind<W, S> & Pick<KindDraft<Shape, W, S>, "inputs"> {
  const { inputs } = draft;
  const names = Object.keys(inputs.shape);
  return {
    ...draft,
    wish: (bag) =>
      draft.wish(inputs.parse(Object.fromEntries(names.flatMap((name) => (name in bag ? [[name, bag[name]]] : []))))),
    stored: draft.stored ?? ((wish) => wish),
  };
}
