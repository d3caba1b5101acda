import fc from "fast-check";
import { sameValue } from "../provider/same-value";

test.each([
  { a: { x: 1, y: [2] }, b: { y: [2], x: 1 }, same: true },
  { a: { x: undefined }, b: {}, same: true },
  { a: [1, 2], b: [2, 1], same: false },
  { a: [1], b: [1, 2], same: false },
  { a: [], b: {}, same: false },
  { a: null, b: {}, same: false },
  { a: "1", b: 1, same: false },
  { a: { x: { y: true } }, b: { x: { y: false } }, same: false },
])("$a and $b: $same", ({ a, b, same }) => {
  expect(sameValue(a, b)).toBe(same);
  expect(sameValue(b, a)).toBe(same);
});

test("a value is the same as what its JSON says", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => sameValue(value, JSON.parse(JSON.stringify(value)))));
});
