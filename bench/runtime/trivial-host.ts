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
  judge: (trajectory) => ({
    agent: trajectory.agent,
    phase: 'implementing',
    aligned: true,
    alignmentScore: 1,
    needsSteering: false,
    summary: 'trivial',
    goal: '',
    constraints: [],
    evidence: [],
    judge: 'rules',
    eventCount: 1,
    sessionSeconds: 0,
  }),
});
