import type { Fleet } from '../actors/placement/fleet.js';
import type { Bus } from '../actors/runtime/bus.js';
import { HOST_PROTOCOL } from '../messages/actor-protocols.js';
import { messageOf, parseWith } from '../messages/errors.js';
import type { TreeNode } from '../messages/requests.js';
import type { Subjects } from '../messages/subjects.js';

const TIMEOUT_MS = 2_000;

/**
 * The trees of all hosts, asked at once. A host that does not answer in time is in the list with what went wrong.
 *
 * @param limit actors shown of each host, those in trouble first.
 */
export function hostTrees(fleet: Fleet, bus: Bus, subjects: Subjects, limit: number): Promise<TreeNode[]> {
  return Promise.all(
    fleet.hosts.map(async ({ id }): Promise<TreeNode> => {
      try {
        const answer = await bus.ask(
          subjects.actor('host', id),
          'tree',
          { limit },
          { timeoutMs: TIMEOUT_MS },
        );
        const tree = parseWith(HOST_PROTOCOL.tree.reply, answer.body, 'host');
        const agents = tree.children?.filter((child) => child.kind !== 'host');
        return { ...tree, kind: 'host', id, children: agents };
      } catch (error) {
        return { kind: 'host', id, state: 'silent', restarts: 0, lastError: messageOf(error) };
      }
    }),
  );
}
