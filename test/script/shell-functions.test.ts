import { functionsCalledBy } from "../../provider/script/shell-functions";

const LIBRARY = `
# Greets.
greet() {
  # Never as shout does.
  say "$1"
}
# As shout does.
say() {
  if true; then
    echo "$1"
  fi
}
shout() {
  say "$1"
}
unused() {
  echo 'greet'
}`;

test("a function comes with its comment, and with those that it calls, in the order of the library", () => {
  expect(functionsCalledBy("greet you", LIBRARY)).toBe(LIBRARY.slice(1, LIBRARY.indexOf("\nshout()")));
});

test.each([
  ["text in quotes calls nothing", "printf %s 'shout'", ""],
  ["a quote in a quoted text ends nothing", "printf %s 'it'\\''s unused'", ""],
  ["a part of a word is no call", "unused2", ""],
  ["a name in double quotes may be a call", '"unused"', "unused() {\n  echo 'greet'\n}"],
])("%s", (_, shell, functions) => {
  expect(functionsCalledBy(shell, LIBRARY)).toBe(functions);
});
