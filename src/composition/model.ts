import type { ChildSpec } from '../actors/runtime/supervision.js';
import { newId } from '../messages/ids.js';
import type { BudgetExhausted } from '../messages/results.js';
import { keeperService } from '../services/keeper.js';
import { createModelActor, ledgerOf } from '../services/model.js';
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
  const { judge } = settings;
  const failed = (error: unknown) => log.error({ err: error }, 'spend could not be recorded');
  const exhausted = (spent: number) => {
    const body: BudgetExhausted = { at: new Date().toISOString(), spent, budget: judge.tokensPerDay };
    store
      .write(() => store.outbox.add(`budget-${newId()}`, subjects.budgetEvent, body))
      .then(publishing.wakeOutbox, failed);
  };
  return keeperService({
    id: 'model',
    shutdownMs: SHUTDOWN_MS,
    subjects,
    settings,
    mailbox: judge.maxConcurrent + judge.maxWaiting,
    bus: () => running.bus,
    behaviour: () =>
      createModelActor(judge, process.env, ledgerOf(store, failed), exhausted, (call) =>
        http.metrics.modelCall(call),
      ),
    crashed: (error) => log.error({ err: error }, 'model actor crashed'),
    gaveUp: (error) => log.error({ err: error }, 'model actor crashed too often; the rules judge alone'),
  });
}
