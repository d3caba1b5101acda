// @ts-check
const fs = require("node:fs");
const path = require("node:path");
const { Marked } = require("marked");

/** The pages in the order of the navigation, by their files; what is not here comes last. */
const CHAPTERS = [
  {
    title: "Start",
    pages: [
      "docs/getting-started.md",
      "docs/languages.md",
      "docs/installation-configuration.md",
      "docs/resources.md",
      "docs/reboots.md",
      "examples/README.md",
    ],
  },
  {
    title: "Guides",
    pages: [
      "docs/guides/debian-xen.md",
      "docs/guides/xenserver.md",
      "docs/guides/kvm-gpu.md",
      "docs/guides/sriov-pool.md",
      "docs/guides/xend.md",
      "docs/guides/libvirt-xen.md",
      "docs/migration.md",
    ],
  },
  {
    title: "Reference",
    pages: [
      "docs/hosts.md",
      "docs/connections.md",
      "docs/guards.md",
      "docs/safety.md",
      "docs/how-it-works.md",
      "docs/troubleshooting.md",
      "docs/limits.md",
      "docs/performance.md",
      "CHANGELOG.md",
    ],
  },
  { title: "Project", pages: ["CONTRIBUTING.md", "docs/decisions.md"] },
];

/**
 * All files of the site by their paths in it. Links between pages are relative, so that it opens from a disk.
 *
 * @param {string} root The checkout.
 * @returns {Map<string, string>}
 */
function makeSite(root) {
  const pages = new Map(markdownFiles(root).map((file) => [file, readMarkdown(path.join(root, file))]));
  const chapters = chaptersOf([...pages.keys()]);
  const files = new Map([["site.css", fs.readFileSync(path.join(__dirname, "site.css"), "utf8")]]);
  for (const [file, text] of pages) {
    const toPage = (/** @type {string} */ other) => relative(file, other);
    /** @param {string} href */
    const follow = (href) => {
      if (/^\w+:/.test(href) || href.startsWith("#")) return href;
      const [target = "", anchor] = href.split("#");
      const linked = path.posix.join(path.posix.dirname(file), target);
      const page = pages.has(linked) ? linked : path.posix.join(linked, "README.md");
      if (pages.has(page)) return `${toPage(page)}${anchor === undefined ? "" : `#${anchor}`}`;
      files.set(linked, fs.readFileSync(path.join(root, linked), "utf8"));
      return href;
    };
    files.set(placeOf(file), htmlPage(text, { chapters, file, pages, follow, toPage }));
  }
  return files;
}

/** @param {string} root @returns {readonly string[]} from the root, with slashes */
function markdownFiles(root) {
  const below = ["docs", "examples"].flatMap((folder) =>
    fs
      .readdirSync(path.join(root, folder), { encoding: "utf8", recursive: true })
      .filter((name) => name.endsWith(".md") && !name.includes("node_modules"))
      .map((name) => path.posix.join(folder, name.split(path.sep).join("/"))),
  );
  return ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", ...below.sort()];
}

/**
 * The text of a page. Those for Pulumi's registry have their title before the text, between lines of `---`.
 *
 * @param {string} file
 */
function readMarkdown(file) {
  return fs.readFileSync(file, "utf8").replace(/^---\ntitle: (.*)\n[\s\S]*?\n---\n/, "# $1\n");
}

/** @param {readonly string[]} files */
function chaptersOf(files) {
  const known = CHAPTERS.flatMap(({ pages }) => pages);
  const unknown = files.filter((file) => file.startsWith("docs/") && !known.includes(file));
  const chapters = [
    { title: "API", pages: unknown.filter((file) => file.startsWith("docs/api/")) },
    { title: "More", pages: unknown.filter((file) => !file.startsWith("docs/api/")) },
  ];
  return [...CHAPTERS, ...chapters.filter(({ pages }) => pages.length > 0)];
}

/** Where a page is in the site. @param {string} file */
function placeOf(file) {
  return file.replace(/(^|\/)README\.md$/, "$1index.html").replace(/\.md$/, ".html");
}

/** @param {string} from @param {string} to */
function relative(from, to) {
  return path.posix.relative(path.posix.dirname(placeOf(from)), placeOf(to));
}

/**
 * @param {string} markdown
 * @param {{
 *   chapters: readonly { readonly title: string, readonly pages: readonly string[] }[],
 *   file: string,
 *   pages: ReadonlyMap<string, string>,
 *   follow: (href: string) => string,
 *   toPage: (file: string) => string,
 * }} place
 */
function htmlPage(markdown, { chapters, file, pages, follow, toPage }) {
  const title = titleOf(markdown);
  const menu = chapters.map(
    (chapter) =>
      `<h2>${chapter.title}</h2>\n<ul>\n${chapter.pages
        .map((page) => {
          const current = page === file ? ' aria-current="page"' : "";
          return `<li><a href="${toPage(page)}"${current}>${escapeHtml(titleOf(pages.get(page) ?? ""))}</a></li>`;
        })
        .join("\n")}\n</ul>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="stylesheet" href="${path.posix.relative(path.posix.dirname(placeOf(file)), "site.css")}">
</head>
<body>
<div class="page">
<nav aria-label="Pages">
<a class="home" href="${toPage("README.md")}">pulumi-pci-passthrough</a>
${menu.join("\n")}
</nav>
<main>
${markdownToHtml(markdown, follow)}</main>
</div>
</body>
</html>
`;
}

/** @param {string} markdown @param {(href: string) => string} follow What a link in it leads to in the site. */
function markdownToHtml(markdown, follow) {
  const marked = new Marked({
    renderer: {
      heading(text, level, raw) {
        return `<h${level} id="${anchorOf(raw)}">${text}</h${level}>\n`;
      },
      link(href, _, text) {
        return `<a href="${escapeHtml(follow(href))}">${text}</a>`;
      },
      table(head, body) {
        return `<div class="wide"><table>\n<thead>${head}</thead>\n<tbody>${body}</tbody>\n</table></div>\n`;
      },
    },
  });
  return String(marked.parse(markdown));
}

/** The first heading. @param {string} markdown */
function titleOf(markdown) {
  return /^# (.*)$/m.exec(markdown)?.[1] ?? "";
}

/** As GitHub makes it. @param {string} title */
function anchorOf(title) {
  return title
    .replace(/<[^>]*>/g, "")
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replace(/ /g, "-");
}

/** @param {string} text */
function escapeHtml(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
}

module.exports = { makeSite };
