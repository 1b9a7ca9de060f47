import { HOST_PROTOCOL } from '../messages/actor-protocols.js';
import type { RestartCommand } from '../messages/agents.js';
import { VigilError } from '../messages/errors.js';
import type { TreeNode } from '../messages/requests.js';
import type { CommandStart } from './restart-command.js';
import { type Behaviour, Later } from './runtime/behaviour.js';

export interface HostKeeperParts {
  tree(limit: number): TreeNode;
  /** Undefined where the machine's own settings do not allow it. */
  readonly runCommand: ((agent: string, restart: RestartCommand) => Promise<CommandStart>) | undefined;
}

/** The actor of a host itself: tells how the agents' actors on it are, and starts agents of its machine anew. */
export function hostBehaviour({ tree, runCommand }: HostKeeperParts): Behaviour<null, typeof HOST_PROTOCOL> {
  return {
    kind: 'host',
    protocol: HOST_PROTOCOL,
    start: () => null,
    on: {
      tree: (_state, { limit }) => tree(limit),
      command: (_state, { agent, restart }) => {
        if (runCommand === undefined)
          throw new VigilError(
            'FORBIDDEN',
            'this host runs no restart commands; set hosts.runCommands: true on its machine',
          );
        return Later.of(
          () => runCommand(agent, restart),
          (started) => started,
        );
      },
    },
  };
}
