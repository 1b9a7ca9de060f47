import { runHostProcess } from '../../src/host-process.js';

/** A host that judges without looking: what is left is the runtime. */
runHostProcess({
  openLogs: () => ({ read: async () => ({ events: [], notes: [], grown: false }), close: async () => {} }),
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
    eventCount: 0,
    sessionSeconds: 0,
  }),
});
