import { z } from 'zod';
import { Id } from '../messages/ids.js';
import { Settings } from './schema.js';

/** What a host process needs to know. Holds no secret: credentials are named by file. */
export const HostOptions = z.object({
  id: Id,
  label: Id.optional(),
  prefix: Settings.shape.prefix,
  url: z.string(),
  nkeyFile: z.string().optional(),
  credsFile: z.string().optional(),
  connectTimeoutMs: z.number().int().positive(),
  pingIntervalMs: z.number().int().positive(),
  leaseMs: z.number().int().positive(),
  threads: z.number().int().positive(),
  mailbox: z.number().int().positive(),
  runCommands: z.boolean().default(false),
  drainMs: z.number().int().nonnegative(),
  restart: Settings.shape.restart,
  rules: Settings.shape.rules,
  logs: Settings.shape.logs,
  judge: Settings.shape.judge,
  logFile: z.string().optional(),
  logLevel: Settings.shape.logLevel,
  ownLogs: Settings.shape.ownLogs,
});
export type HostOptions = z.infer<typeof HostOptions>;

export interface Connection {
  readonly url: string;
  readonly nkeyFile?: string | undefined;
  readonly credsFile?: string | undefined;
}

export function hostOptions(
  settings: Settings,
  id: string,
  connection: Connection,
  logFile: string | undefined,
): HostOptions {
  const { hosts, nats } = settings;
  return {
    id,
    label: hosts.label,
    prefix: settings.prefix,
    url: connection.url,
    nkeyFile: connection.nkeyFile,
    credsFile: connection.credsFile,
    connectTimeoutMs: nats.connectTimeoutMs,
    pingIntervalMs: nats.pingIntervalMs,
    leaseMs: hosts.leaseMs,
    threads: hosts.threads,
    mailbox: hosts.mailbox,
    runCommands: hosts.runCommands,
    drainMs: hosts.drainMs,
    restart: settings.restart,
    rules: settings.rules,
    logs: settings.logs,
    judge: settings.judge,
    logFile,
    logLevel: settings.logLevel,
    ownLogs: settings.ownLogs,
  };
}
