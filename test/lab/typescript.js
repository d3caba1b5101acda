// @ts-check
const { transformFileSync } = require("@swc/core");

/** A module as Node's own loaders see it: `_compile` has no type. @typedef {{ _compile(code: string, file: string): void }} Loading */

/** Lets `require` load TypeScript without a build, as the tests do: test/ is no part of dist/. */
require.extensions[".ts"] = (/** @type {unknown} */ module, /** @type {string} */ file) => {
  const { code } = transformFileSync(file, {
    jsc: { target: "es2022", parser: { syntax: "typescript" } },
    module: { type: "commonjs" },
    sourceMaps: "inline",
  });
  /** @type {Loading} */ (module)._compile(code, file);
};
