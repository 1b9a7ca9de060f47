import type { AgentSpec } from '../messages/agents.js';
import type { Settings } from '../settings/schema.js';
import { startSupervisor } from '../supervisor.js';
import { Client } from './client.js';
import type { Progress } from './progress.js';
import { forgetRunning, noteRunning } from './running.js';

/** A fleet that a command works with, as its client. */
export interface Fleet {
  readonly client: Client;
  /** Of the supervisor that was started here: where its dashboard is. */
  readonly dashboard?: string | undefined;
  /** Resolves with the reason when the supervisor gives up. */
  readonly ended: Promise<Error>;
  stop(): Promise<void>;
}

/**
 * Starts a supervisor in this process, and notes where it is for the other commands.
 *
 * @param sample watched when there is nothing else to watch.
 */
export async function startOwn(
  settings: Settings,
  progress: Progress,
  sample: readonly AgentSpec[],
): Promise<Fleet> {
  const supervisor = await startSupervisor(settings, { sample, onStep: (text) => progress.step(text) });
  const running = { ...supervisor.client, pid: process.pid, prefix: settings.prefix };
  const { dashboard } = supervisor;
  noteRunning(settings.dataDir, { ...running, agentNkeyFile: supervisor.agent.nkeyFile, dashboard });
  const stop = async () => {
    await supervisor.stop();
    forgetRunning(settings.dataDir);
  };
  try {
    const client = await Client.connect(running, settings);
    return {
      client,
      dashboard,
      ended: supervisor.ended,
      stop: async () => {
        await client.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
