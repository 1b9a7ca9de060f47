/** What dresses a command without changing what it does: where it is run from, where its output goes, how much of it is shown. */
const BEFORE =
  /^(?:\s*cd\s+[^\s;&|]+\s*(?:&&|;)\s*|\s*(?:time|sudo|env)\s+|\s*[A-Z_][A-Z0-9_]*=[^\s;&|]*\s+)+/;
const AFTER =
  /(?:\s*\|\s*(?:head|tail|less|cat|tee)\b[^|;&]*|\s*2>&1|\s*2?>\s*\/dev\/null|\s*\|\|\s*true|\s*;\s*echo\s+[^;&|]*\$\?[^;&|]*)+\s*$/;

/** The command without its dress: `cd app && npm test 2>&1 | tail -20` is `npm test`. */
export function plainCommand(line: string): string {
  const plain = line.replace(BEFORE, '').replace(AFTER, '').replace(/\s+/g, ' ').trim();
  return plain === '' ? line.trim() : plain;
}

const CHECK =
  /\b(?:tests?|pytest|jest|vitest|mocha|rspec|phpunit|ctest|tox|nox|checks?|check-types|typecheck|lint|eslint|ruff|flake8|mypy|build|make|cmake|ninja|bazel|tsc|gcc|g\+\+|clang|javac|mvn|gradle|cargo|go (?:vet|run)|compile|verify|python\d?|node|deno|bun|ruby|repro\w*)\b/i;

/** Whether a command tells if the work works: a test, a build, a linter, a run of the program. */
export function isCheck(line: string): boolean {
  return CHECK.test(line);
}
