// @ts-check
const { createHash } = require("node:crypto");

/** What is replaced in just-bash 3.4, each found once, by what does the same with less. */
const REPLACED = [
  // The pattern of a glob is compiled anew for each name that it meets. What a match needs is in a matcher of its own.
  ["this._re2=_a.compile(s,i)", "this._re2=compiledOnce(_a,s,i)"],
  // Globs are no danger here, and V8's own expressions need a fraction.
  ["patternToRegex(e){", "patternToRegex(e){return globOnce(this,e);"],
  // Text becomes bytes, and bytes text, character by character.
  [
    'let r=rte.encode(t),n="";for(let s=0;s<r.length;s++)n+=String.fromCharCode(r[s]);return n',
    'return Buffer.from(t,"utf8").toString("latin1")',
  ],
  [
    'let r="";for(let n=0;n<t.length;n++)r+=String.fromCharCode(t[n]);return r',
    'return Buffer.from(t.buffer,t.byteOffset,t.byteLength).toString("latin1")',
  ],
  ["function W(t){let e=0;", "function W(t){if(t.length>40)return Buffer.byteLength(t);let e=0;"],
  // Each command and each `return` ends with an error, whose stack nobody asks for.
  [
    'constructor(e,r="",n=""){super(e),this.stdout=r,this.stderr=n}',
    'constructor(e,r="",n=""){const limit=Error.stackTraceLimit;Error.stackTraceLimit=0;super(e);Error.stackTraceLimit=limit;this.stdout=r;this.stderr=n}',
  ],
  // Each command gets a context behind proxies, which end with it. Ours are trusted.
  ["function SW(t,e){", "function SW(t,e){return{context:t,revoke(){}};"],
  // A word is asked for each of thirty expansions of bash in turn.
  [
    "let d=await U0e(t,n,a,c,u,r);if(d!==null)return d;let A=await _0e(t,n,r);if(A!==null)return A;let p=await $0e(t,n,r);if(p!==null)return p;let g=await V0e(t,n,r.expandPart);if(g!==null)return zH(t,g);",
    "if(!isPlain(n)){let d=await U0e(t,n,a,c,u,r);if(d!==null)return d;let A=await _0e(t,n,r);if(A!==null)return A;let p=await $0e(t,n,r);if(p!==null)return p;let g=await V0e(t,n,r.expandPart);if(g!==null)return zH(t,g);}",
  ],
];
const ADDED = `
const compiled = new Map();
function compiledOnce(engine, pattern, flags) {
  const key = \`\${flags} \${pattern}\`;
  let program = compiled.get(key);
  if (program === undefined) {
    program = engine.compile(pattern, flags);
    compiled.set(key, program);
  }
  return program;
}
const globs = new Map();
function globOnce(expander, glob) {
  let expression = globs.get(glob);
  if (expression === undefined) {
    expression = new RegExp(\`^\${expander.patternToRegexStr(glob)}$\`);
    globs.set(glob, expression);
  }
  return expression;
}
const plain = new WeakMap();
function isPlain(parts) {
  let known = plain.get(parts);
  if (known === undefined) {
    known = parts.every(
      (part) =>
        (part.type === "DoubleQuoted" && isPlain(part.parts)) ||
        (part.type === "ParameterExpansion" && part.operation === null && /^(\\w+|[?#$!-])$/.test(part.parameter)) ||
        ["Literal", "SingleQuoted", "Escaped", "Glob", "TildeExpansion", "CommandSubstitution", "ArithmeticExpansion"].includes(part.type),
    );
    plain.set(parts, known);
  }
  return known;
}
`;

/** For Jest alone: a third of the CPU of a simulated host goes into these. */
module.exports = {
  /** @param {string} source @param {string} path */
  process(source, path) {
    let code = source;
    for (const [before = "", after = ""] of REPLACED) {
      if (source.split(before).length !== 2)
        throw new Error(`${path} has this elsewhere than just-bash 3.4; mend or drop it in ${__filename}: ${before}`);
      code = code.replace(before, () => after);
    }
    return { code: code + ADDED };
  },
  /** @param {string} source */
  getCacheKey: (source) =>
    createHash("sha256").update(source).update(JSON.stringify(REPLACED)).update(ADDED).digest("hex"),
};
