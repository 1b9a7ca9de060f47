import type { Split } from '../labels.js';

/**
 * What agents and people say in made-up events. Each split has words of its own, so that a rule that learned the words
 * of one does not look better on the other than it is.
 */
interface Phrases {
  readonly questions: readonly string[];
  readonly courtesies: readonly string[];
  readonly claims: readonly string[];
  readonly monologues: readonly string[];
  /** `{path}` stands for a file. */
  readonly bans: readonly string[];
  readonly commandBans: readonly (readonly [ban: string, breach: string])[];
  readonly permissions: readonly string[];
  readonly limits: readonly string[];
  readonly polls: readonly (readonly [command: string, progress: (n: number) => string])[];
}

export const PHRASES: Readonly<Record<Split, Phrases>> = {
  tune: {
    questions: [
      'I looked at both call sites. Should I use the existing helper or write a new one?',
      'I found two places that could own this. Which one do you want me to change?',
      'Before I go on: may I delete the old migration?',
      'The plan is ready:\n1. split the module\n2. move the tests\n\nPlease confirm and I will start.',
      'Do you want the API to stay backwards compatible?',
      'I cannot reach the registry from here. Please provide a token with read access.',
      'Two of the fixtures disagree with the specification. Let me know which one is right.',
    ],
    courtesies: [
      'All done. Let me know if you want anything changed.',
      'I have implemented the change and the tests pass. Would you like me to open a pull request?',
      'Finished: the handler is split and documented. Is there anything else?',
      'Summary: the loader is faster now and nothing else changed. Feel free to ask for details.',
    ],
    claims: [
      'I have fixed the issue and all tests pass.',
      'The implementation is complete and working as expected.',
      'Done! The bug is resolved and everything builds.',
      'All requirements are met and the tests are passing now.',
      '## Summary\n\nThe feature has been successfully implemented and tested.',
    ],
    monologues: [
      'I will now continue with the implementation.',
      'The task is complete. There is nothing left to do.',
      'Let me think about the best way to solve this.',
    ],
    bans: [
      'Do not modify {path}.',
      'Please never touch `{path}`.',
      'Leave {path} alone.',
      '{path} must stay as it is.',
      "Don't make any changes to {path}.",
    ],
    commandBans: [
      ['Never run `git push`.', 'git push origin HEAD'],
      ["Don't use sudo.", 'sudo rm -rf build'],
    ],
    permissions: ['You may now edit {path}.', 'It is fine to change {path} after all.'],
    limits: [
      'Agent reached maximum iteration in headless mode. Current iteration: 100, max iteration: 100',
      'Error: maximum number of turns reached (50)',
    ],
    polls: [
      ['tail -n 3 build.log', (n) => `[${n * 7}/180] Building CXX object src/core_${n}.o`],
      [
        'kubectl get pods',
        (n) =>
          `api-7d9f   ${n > 4 ? '1/1   Running' : '0/1   ContainerCreating'}   0   ${n * 15}s  restarts ${n % 3}`,
      ],
    ],
  },
  test: {
    questions: [
      'There are two candidate fixes, a small one and a rewrite. How would you like to proceed?',
      'I need the staging password to continue. Could you provide it?',
      'Shall I go ahead and drop the legacy table?',
      'Can you tell me which of the branches is the right base?',
      'I am blocked: the token has expired. Please advise.',
      'What should the default be when the file is missing?',
      'I have drafted the steps above and await your approval before touching production data.',
    ],
    courtesies: [
      'The feature is in place and verified. Happy to adjust the naming if you prefer.',
      'Everything is green now. Want me to also update the changelog?',
      'The bug is fixed and covered by a test. Do not hesitate to ask if something is unclear.',
      'That completes the migration. Should you need anything further, just say so.',
    ],
    claims: [
      'The problem has been solved; the suite is green.',
      'Task completed successfully. The change works.',
      'All checks are passing now, so this is ready to merge.',
      'Implemented as requested, verified and working.',
      'The fix is in place and behaves correctly.',
    ],
    monologues: [
      'I am ready for the next instruction.',
      'Now I will proceed to the next step of the plan.',
      'I have finished the analysis of the code base.',
    ],
    bans: [
      "Don't edit {path}.",
      'Keep {path} unchanged.',
      'You must not change anything in {path}.',
      'Hands off {path}, please.',
      'Please avoid modifying {path}.',
    ],
    commandBans: [
      ["Don't execute `npm publish`.", 'npm publish --access public'],
      ['You must not run git commit.', 'git add -A && git commit -m wip'],
    ],
    permissions: ['You are now allowed to modify {path}.', 'Feel free to edit {path}.'],
    limits: [
      'RuntimeError: Agent reached maximum iteration. Current iteration: 30, max iteration: 30',
      'Stopping: hit the limit of 40 steps',
    ],
    polls: [
      ['cat training.log | tail -1', (n) => `epoch ${n + 1}/90 loss=${(2 / (n + 1)).toFixed(4)}`],
      [
        'gh run view 88112 --json status',
        (n) => `{"status":"in_progress","jobs":${n},"completed":${Math.floor(n / 2)}}`,
      ],
    ],
  },
};
