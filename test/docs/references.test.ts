import path from "node:path";
import { anchors, codeSpans } from "../markdown";
import { exists, PAGES, readPage } from "./pages";

test.each(PAGES)("%s names npm scripts that exist", (page) => {
  const { scripts } = JSON.parse(readPage("package.json"));
  const named = [...readPage(page).matchAll(/\bnpm (?:run ([\w:]+)|(test)\b)/g)].map(([, run, test]) => run ?? test);
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
});

test.each(PAGES)("%s links to files and sections that exist", (page) => {
  const targets = [...readPage(page).matchAll(/\]\(([^)]+)\)/g)].map(([, target = ""]) => target);
  const missing = targets.filter((target) => {
    const [file = "", anchor] = target.split("#");
    const linked = file === "" ? page : path.posix.join(path.posix.dirname(page), file);
    return !exists(linked) || (anchor !== undefined && !anchors(readPage(linked)).includes(`#${anchor}`));
  });
  expect(missing).toEqual([]);
});

test("every page is linked from another page", () => {
  const linked = PAGES.flatMap((page) =>
    [...readPage(page).matchAll(/\]\(([^)#]+)/g)].map(([, target = ""]) =>
      path.posix.join(path.posix.dirname(page), target),
    ),
  );
  expect(linked).toEqual(expect.arrayContaining(PAGES.filter((page) => page !== "README.md")));
});

test.each(["CONTRIBUTING.md", "docs/decisions.md"])("%s names files of the repository that exist", (page) => {
  const named = codeSpans(readPage(page)).filter((span) =>
    /^(provider|sdk|simulator|cli|scripts|test|examples|docs)\/[\w./-]+$/.test(span),
  );
  expect(named.filter((name) => !exists(name))).toEqual([]);
});
