import path from "node:path";
import { makeSite } from "../../scripts/docs/site.js";

const site: ReadonlyMap<string, string> = makeSite(path.resolve(__dirname, "../.."));
const pages = [...site].filter(([file]) => file.endsWith(".html"));

test("it begins with the README, and has a page for each guide and example", () => {
  expect([...site.keys()]).toEqual(
    expect.arrayContaining(["index.html", "site.css", "docs/guides/debian-xen.html", "examples/fleet/index.html"]),
  );
});

test.each(pages)("%s: whatever it links to is in the site, by a relative path", (file, html) => {
  const targets = [...html.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, target = ""]) => target);
  const broken = targets.filter((target) => {
    if (/^https?:/.test(target)) return false;
    const [name = "", anchor] = target.split("#");
    const linked = name === "" ? file : path.posix.join(path.posix.dirname(file), name);
    const text = site.get(linked);
    return text === undefined || (anchor !== undefined && !text.includes(`id="${anchor}"`));
  });
  expect(broken).toEqual([]);
  expect(html).not.toContain("<script");
});
