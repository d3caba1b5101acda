#!/usr/bin/env node
// @ts-check
/** Makes site/ of the Markdown of this repository: pages that open without a server. */
const fs = require("node:fs");
const path = require("node:path");
const { makeSite } = require("./site.js");

const ROOT = path.resolve(__dirname, "../..");
const SITE = path.join(ROOT, "site");

fs.rmSync(SITE, { recursive: true, force: true });
const files = makeSite(ROOT);
for (const [file, contents] of files) {
  fs.mkdirSync(path.join(SITE, path.dirname(file)), { recursive: true });
  fs.writeFileSync(path.join(SITE, file), contents);
}
console.log(`${files.size} files. Open ${path.join(SITE, "index.html")}`);
