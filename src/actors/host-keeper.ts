import { HOST_PROTOCOL } from '../messages/actor-protocols.js';
import type { TreeNode } from '../messages/requests.js';
import type { Behaviour } from './runtime/behaviour.js';

/** The actor of a host itself: tells how the agents' actors on it are. */
export function hostBehaviour(tree: (limit: number) => TreeNode): Behaviour<null, typeof HOST_PROTOCOL> {
  return {
    kind: 'host',
    protocol: HOST_PROTOCOL,
    start: () => null,
    on: { tree: (_state, { limit }) => tree(limit) },
  };
}
