import { z } from "zod";

/** An attribute of an element, which the parser marks with `@`. */
export const Attribute = z.string().optional();

/** A child that may be absent. The parser reads an element without attributes and children as text. */
export const element = <T extends z.ZodType>(schema: T) =>
  z.union([schema, z.string().transform(() => undefined)]).optional();

/** The attributes of `<address>`, for guest addresses and for functions of the host. */
export const Address = z.object({
  "@type": Attribute,
  "@domain": Attribute,
  "@bus": Attribute,
  "@slot": Attribute,
  "@function": Attribute,
});
