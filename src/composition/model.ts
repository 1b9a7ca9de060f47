import { systemClock } from '../actors/runtime/clock.js';
import type { ChildSpec } from '../actors/runtime/supervision.js';
import { ActorSystem } from '../actors/runtime/system.js';
import { newId } from '../messages/ids.js';
import type { BudgetExhausted } from '../messages/results.js';
import { createModelActor, ledgerOf } from '../services/model.js';
import { service } from '../services/service.js';
import { type Composition, SHUTDOWN_MS } from './composition.js';

/** The one place through which all hosts reach the model. */
export function modelService({
  settings,
  store,
  subjects,
  log,
  running,
  publishing,
  http,
}: Composition): ChildSpec {
  const { judge, restart, hosts } = settings;
  const failed = (error: unknown) => log.error({ err: error }, 'spend could not be recorded');
  return service('model', SHUTDOWN_MS, async () => {
    const system = new ActorSystem({
      id: 'model',
      subjects,
      bus: running.bus,
      clock: systemClock,
      policy: restart,
      mailbox: judge.maxConcurrent + judge.maxWaiting,
      drainMs: hosts.drainMs,
      onCrash: (_actor, error) => log.error({ err: error }, 'model actor crashed'),
      onGiveUp: (_actor, error) =>
        log.error({ err: error }, 'model actor crashed too often; the rules judge alone'),
    });
    const exhausted = (spent: number) => {
      const body: BudgetExhausted = { at: new Date().toISOString(), spent, budget: judge.tokensPerDay };
      store
        .write(() => store.outbox.add(`budget-${newId()}`, subjects.budgetEvent, body))
        .then(publishing.wakeOutbox, failed);
    };
    await system.spawn(
      createModelActor(judge, process.env, ledgerOf(store, failed), exhausted, (call) =>
        http.metrics.modelCall(call),
      ),
      'main',
    );
    return () => system.stop();
  });
}
