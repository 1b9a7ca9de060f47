import type { ChildSpec } from '../actors/runtime/supervision.js';
import type { Subjects } from '../messages/subjects.js';
import { service } from '../services/service.js';
import type { Settings } from '../settings/schema.js';
import type { OutboxRow } from '../store/outbox.js';
import type { Store } from '../store/store.js';
import { Bell } from './bell.js';
import { Desktop } from './desktop.js';
import type { NoticeSink } from './notice.js';
import { Notices } from './notices.js';
import { Webhook } from './webhook.js';

const SHUTDOWN_MS = 5_000;

export interface NoticesParts {
  readonly settings: Settings;
  readonly store: Store;
  readonly subjects: Subjects;
  failed(what: string, error: unknown): void;
}

export interface NoticesService {
  readonly spec: ChildSpec;
  /** The result stream has these. */
  sent(rows: readonly OutboxRow[]): void;
  /** Agents that were removed from the record. */
  forget(agents: readonly string[]): void;
}

/** Notices to people; undefined when no way to them is set. */
export function noticesService({
  settings,
  store,
  subjects,
  failed,
}: NoticesParts): NoticesService | undefined {
  const { notices: set } = settings;
  if (set.webhook.url === undefined && !set.desktop && !set.bell) return undefined;
  let notices: Notices | undefined;
  return {
    spec: service('notices', SHUTDOWN_MS, () => {
      const opened = new Notices({
        ...set,
        sinks: sinksOf(set, failed),
        fleetSize: () => store.agents.counts().active,
        isKnown: (agent) => store.agents.known([agent]).has(agent),
        monotonic: () => performance.now(),
      });
      notices = opened;
      return async () => {
        notices = undefined;
        await opened.close();
      };
    }),
    forget: (agents) => notices?.forget(agents),
    sent: (rows) => {
      if (notices === undefined) return;
      for (const { subject, payload } of rows) {
        const below = subject.slice(subjects.prefix.length + 1);
        if (below.startsWith('event.')) notices.heard(below, JSON.parse(payload));
      }
    },
  };
}

function sinksOf(set: Settings['notices'], failed: NoticesParts['failed']): NoticeSink[] {
  const sinks: NoticeSink[] = [];
  const { url, ...webhook } = set.webhook;
  if (url !== undefined)
    sinks.push(
      new Webhook({
        ...webhook,
        url,
        secret: webhook.secret,
        failed: ({ id, reason }, why) => failed(`notice ${id} (${reason}) was not delivered`, new Error(why)),
      }),
    );
  if (set.desktop) sinks.push(new Desktop((error) => failed('desktop notice', error)));
  if (set.bell) sinks.push(new Bell());
  return sinks;
}
