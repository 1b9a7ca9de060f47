import type { Test } from 'tap';

/**
 * A folder of the test's own, removed at its end. `t.testdir()` alone is removed before the teardowns that were added after
 * it: while the processes that write into it still run.
 */
export function testFolder(t: Test, content?: Parameters<Test['testdir']>[0]): string {
  t.teardown(() => {});
  return t.testdir(content);
}
