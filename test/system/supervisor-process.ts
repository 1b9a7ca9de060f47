import { noteRunning } from '../../src/cli/running.js';
import { loadSettings } from '../../src/settings/load.js';
import { startSupervisor } from '../../src/supervisor.js';

/** A supervisor whose hosts have a slow judge, as a process of its own that tests can kill. */
const { settings } = loadSettings({ cwd: process.cwd(), env: process.env });
const supervisor = await startSupervisor(settings, {
  hostModule: new URL('../../bench/slow-host.js', import.meta.url),
});
noteRunning(settings.dataDir, {
  ...supervisor.client,
  pid: process.pid,
  prefix: settings.prefix,
  agentNkeyFile: supervisor.agent.nkeyFile,
  dashboard: supervisor.dashboard,
});
console.log('ready');
process.once('SIGTERM', () => {
  supervisor.stop().then(() => process.exit(0));
});
supervisor.ended.then((error) => {
  console.error(error);
  process.exit(1);
});
