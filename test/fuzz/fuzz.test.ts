import { fuzzCases } from "./parsers";

test("5,000 changed texts: every parser returns or throws an error that it documents", () => {
  const caseOf = fuzzCases(1);
  for (let index = 0; index < 5_000; index++) {
    const { parser, text, run } = caseOf(index);
    const wrong = run();
    if (wrong !== undefined) throw new Error(`case ${index}, ${parser}, ${JSON.stringify(text)}: ${wrong}`);
  }
}, 600_000);
