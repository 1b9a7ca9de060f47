import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { commitOf, GitHubServer, issueOf, pullOf } from '../../test/github/server.js';

/** Requests since the last question, and those of them that were conditional and answered 304. */
export interface Asked {
  readonly requests: number;
  readonly conditional: number;
}

/** GitHub is on no machine of ours: its stand-in gets a process of its own, so that Vigil's loop is not waited for by it. */
export class ServerProcess {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  /** @param latencyMs of each repository, by its name. */
  static async start(latencyMs: Readonly<Record<string, number>>): Promise<ServerProcess> {
    const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(latencyMs)]);
    const [url] = await once(child, 'message');
    return new ServerProcess(url as string, child);
  }

  async asked(): Promise<Asked> {
    const answer = once(this.#child, 'message');
    this.#child.send('asked');
    return (await answer)[0] as Asked;
  }

  stop(): void {
    this.#child.kill();
  }
}

async function serve(latencyMs: Readonly<Record<string, number>>): Promise<void> {
  const server = await GitHubServer.start();
  for (const [name, ms] of Object.entries(latencyMs))
    server.add(name, {
      issues: [issueOf(1, 1), issueOf(2, 2)],
      pulls: [pullOf(3, 3)],
      commits: [commitOf(2), commitOf(1)],
      latencyMs: ms,
    });
  let from = 0;
  process.on('message', () => {
    const seen = server.seen.slice(from);
    from = server.seen.length;
    const unchanged = seen.filter(({ conditional, status }) => conditional && status === 304);
    process.send?.({ requests: seen.length, conditional: unchanged.length } satisfies Asked);
  });
  process.on('disconnect', () => process.exit());
  process.send?.(server.url);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve(JSON.parse(process.argv[2] ?? '{}'));
