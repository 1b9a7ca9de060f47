import { runHostProcess } from '../../src/host-process.js';
import type { AgentEvent } from '../../src/messages/agent-event.js';

/** A host that judges without looking: what is left is the runtime. */
runHostProcess({
  openLogs: () => {
    let read = false;
    return {
      read: async () => {
        const events: AgentEvent[] = read
          ? []
          : [{ index: 0, at: null, role: 'user', kind: 'message', text: 'work' }];
        read = true;
        return { events, notes: [], grown: false };
      },
      close: async () => {},
    };
  },
});
