import fs from "node:fs";
import path from "node:path";
import { packageSchema } from "../../provider/adapters/plugin/schema/package-schema";
import { apiPages } from "../../scripts/api-pages/pages.js";

const FOLDER = path.resolve(__dirname, "../../docs/api");

test("docs/api is what the package schema says (UPDATE_GOLDEN=1 writes it)", () => {
  const pages = apiPages(packageSchema("0.1.0"));
  if (process.env.UPDATE_GOLDEN === "1") {
    fs.rmSync(FOLDER, { recursive: true, force: true });
    fs.mkdirSync(FOLDER);
    for (const [name, text] of pages) fs.writeFileSync(path.join(FOLDER, name), text);
  }
  const written = fs.readdirSync(FOLDER).map((name) => [name, fs.readFileSync(path.join(FOLDER, name), "utf8")]);
  expect(Object.fromEntries(written)).toEqual(Object.fromEntries(pages));
});
